import { BlockList, isIP, isIPv4 } from "node:net";

/** Names for ranges that belong together, as IANA's special-purpose registries have them (RFC 6890). */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: [
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
  ],
};

/** A set of addresses. */
export interface AddressList {
  has(address: string | undefined): boolean;
}

/** An address as it is compared: IPv4 that came mapped into IPv6 as IPv4, without a zone. Undefined for what is no address. */
export function plainAddress(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  // Most connections say a plain IPv4 address, and every request asks.
  if (!address.includes(":")) return isIP(address) === 0 ? undefined : address;
  const bare = address.replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(mapped) === 0 ? undefined : mapped;
}

function add(list: BlockList, entry: string): boolean {
  const [address = "", prefix, ...more] = entry.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  const type = isIPv4(address) ? "ipv4" : "ipv6";
  if (prefix === undefined) {
    list.addAddress(address, type);
    return true;
  }
  const bits = Number(prefix);
  if (!/^\d{1,3}$/.test(prefix) || bits > (version === 4 ? 32 : 128)) return false;
  list.addSubnet(address, bits, type);
  return true;
}

/** Reads addresses, ranges (`10.0.0.0/8`), and the names `loopback` and `private`. Answers the first entry that is none of them as text. */
export function readAddressList(entries: readonly string[]): AddressList | string {
  const list = new BlockList();
  for (const entry of entries) {
    for (const range of GROUPS[entry] ?? [entry]) if (!add(list, range)) return entry;
  }
  return {
    has(address) {
      const plain = plainAddress(address);
      return plain !== undefined && list.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
    },
  };
}
