import { isIP } from "node:net";
import { type AllowList, plainHost } from "./allow-list.ts";
import { refused } from "./errors.ts";
import type { Resolve, ResolvedAddress } from "./resolver.ts";
import { kindOfAddress } from "./special-addresses.ts";

/** What a client may reach. */
export interface EgressPolicy {
  readonly allow: AllowList;
  /** True: plain HTTP to any public host; otherwise only to what is allowed by name or network. */
  readonly plainHttp: boolean;
}

/** More addresses than this of one name are not looked at. */
const MOST_ADDRESSES = 32;

/**
 * The text as the URL that will be asked (https://url.spec.whatwg.org/, so what is judged is what is connected to).
 * Throws `egress_refused` for what is no absolute http(s) URL or carries credentials.
 */
export function parseTarget(text: string | URL, base?: URL): URL {
  const given = text instanceof URL ? text.href : text;
  if (!URL.canParse(given, base?.href)) throw refused("the address is no URL");
  const url = new URL(given, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(`${url.protocol} is not spoken here`);
  if (url.username !== "" || url.password !== "") throw refused("the address carries a name or a password");
  if (url.hostname === "") throw refused("the address names no host");
  url.hash = "";
  return url;
}

/** The port that the URL leads to. */
export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

/**
 * The addresses that may be connected to for this URL: all that its name leads to, or its own. One that must not be reached
 * refuses all of them: a name that leads inside and outside is an attack or a mistake. Throws `egress_refused`.
 */
export async function checkedAddresses(
  url: URL,
  policy: EgressPolicy,
  resolve: Resolve,
): Promise<readonly ResolvedAddress[]> {
  const host = plainHost(url.hostname);
  const named = policy.allow.host(host, portOf(url));
  const own = isIP(host);
  const found = own === 0 ? await resolve(host) : [{ address: host, family: own }];
  if (found.length === 0) throw refused(`the name ${host} leads nowhere`);
  if (found.length > MOST_ADDRESSES) throw refused(`the name ${host} leads to more than ${MOST_ADDRESSES} addresses`);
  let inside = named;
  for (const { address } of found) {
    const allowed = policy.allow.address(address);
    inside ||= allowed;
    const kind = kindOfAddress(address);
    // A name that is allowed does not open the metadata service behind it; only its own address does.
    if (allowed || kind === "public" || (named && kind === "special") || (named && own !== 0)) continue;
    throw refused(`${host} is not a public host`, address);
  }
  if (url.protocol === "http:" && !policy.plainHttp && !inside) throw refused("the address must begin with https://");
  return found;
}
