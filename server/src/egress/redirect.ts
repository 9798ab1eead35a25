import { parseTarget } from "./destination.ts";
import { refused } from "./errors.ts";

/** A request as it goes to one host. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Headers that may go to another origin than the one they were meant for. Any other may be a credential: `X-Vault-Token`, say. */
const HARMLESS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "content-encoding",
  "user-agent",
]);

/** True when the answer sends its reader elsewhere. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && REDIRECTS.has(status);
}

/**
 * The request that a redirect asks for (https://fetch.spec.whatwg.org/#http-redirect-fetch): 303 turns everything but HEAD into GET,
 * 301 and 302 turn POST into GET, 307 and 308 change nothing. Across origins only harmless headers go along.
 * Throws `egress_refused` for an address that is none, and for a body that would go to another origin.
 */
export function nextHop(hop: Hop, status: number, location: string): Hop {
  const url = parseTarget(location, hop.url);
  const toGet =
    (status === 303 && hop.method !== "HEAD") || ((status === 301 || status === 302) && hop.method === "POST");
  const sameOrigin = url.origin === hop.url.origin;
  if (!sameOrigin && !toGet && hop.body !== undefined) throw refused("a redirect would take the body to another host");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hop.headers)) {
    if (!sameOrigin && !HARMLESS.has(name)) continue;
    if (toGet && name.startsWith("content-")) continue;
    headers[name] = value;
  }
  return { url, method: toGet ? "GET" : hop.method, headers, body: toGet ? undefined : hop.body };
}
