import { allowListOf } from "#egress/allow-list.ts";
import type { EnvironmentReader } from "./reader.ts";

/** `EGRESS_ALLOW`: hosts and networks that outgoing requests may reach though they are not public. */
export function readEgress(env: EnvironmentReader): { readonly allow: readonly string[] } {
  const entries = (env.text("EGRESS_ALLOW") ?? "").split(",").flatMap((entry) => entry.trim() || []);
  const allow: string[] = [];
  for (const entry of entries) {
    try {
      allowListOf([entry]);
      allow.push(entry);
    } catch (error) {
      env.problems.push(`EGRESS_ALLOW is wrong: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { allow };
}
