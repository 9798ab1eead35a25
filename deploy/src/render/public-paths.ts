import type { Service } from "#spec/spec.ts";

/** What clients ask. `/metrics` is not among it: it is for the scraper, which does not come the clients' way. */
export const PUBLIC_PREFIXES = ["/v1", "/v1beta", "/api", "/console", "/.well-known", "/mcp", "/graphql"] as const;

/** Single paths besides. */
export function publicPaths({ roles }: Service): readonly string[] {
  return ["/health", ...(roles.includes("console") ? ["/"] : [])];
}
