import type { Config } from "#config/config.ts";
import { type AddressList, readAddressList } from "#http/edge/address-list.ts";
import { createHttpsDoorkeeper, type Doorkeeper } from "#http/edge/https.ts";
import { createPeers, type Peers } from "#http/edge/peer.ts";

function listOf(entries: readonly string[]): AddressList {
  const list = readAddressList(entries);
  if (typeof list === "string") throw new TypeError(`${list} is no address`);
  return list;
}

/** Who is at the other end, and whether it may be so in the clear. */
export function composeEdge({ edge }: Config): { readonly peers: Peers; readonly doorkeeper: Doorkeeper | undefined } {
  const { enforceHttps, hstsSeconds, publicOrigins, trustedProxies } = edge;
  const peers = createPeers({
    proxies: listOf(trustedProxies ?? []),
    // Whoever enforces https and says nothing of proxies stands behind one of its own network: to believe it nothing
    // would send every client round for ever. A client's address it is not believed.
    schemeProxies: listOf(trustedProxies ?? (enforceHttps ? ["private"] : [])),
  });
  return { peers, doorkeeper: enforceHttps ? createHttpsDoorkeeper({ peers, hstsSeconds, publicOrigins }) : undefined };
}
