import { BlockList, isIPv4, isIPv6 } from "node:net";

/*
 * What is no address of a host on the public Internet. Sources, read on 21 November 2026:
 * https://www.iana.org/assignments/iana-ipv4-special-registry (RFC 6890), https://www.iana.org/assignments/multicast-addresses (RFC 5771),
 * https://www.iana.org/assignments/iana-ipv6-special-registry, https://www.iana.org/assignments/ipv6-unicast-address-assignments.
 */

const IPV4_SPECIAL = [
  ["0.0.0.0", 8], // this network (RFC 791); many systems connect it to themselves
  ["10.0.0.0", 8], // private (RFC 1918)
  ["100.64.0.0", 10], // behind a carrier's translator (RFC 6598); Alibaba's metadata is in it
  ["127.0.0.0", 8], // loopback (RFC 1122)
  ["169.254.0.0", 16], // link-local (RFC 3927); metadata of AWS, Google, Azure
  ["172.16.0.0", 12], // private (RFC 1918)
  ["192.0.0.0", 24], // IETF protocols (RFC 6890); Oracle's metadata is in it
  ["192.0.2.0", 24], // documentation (RFC 5737)
  ["192.88.99.0", 24], // 6to4 relays, deprecated (RFC 7526)
  ["192.168.0.0", 16], // private (RFC 1918)
  ["198.18.0.0", 15], // benchmarks (RFC 2544)
  ["198.51.100.0", 24], // documentation (RFC 5737)
  ["203.0.113.0", 24], // documentation (RFC 5737)
  ["224.0.0.0", 4], // multicast (RFC 5771)
  ["240.0.0.0", 4], // reserved (RFC 1112), and broadcast
] as const;

/** IANA gives out global unicast addresses from here only: mapped, translated (64:ff9b::/96), local and multicast ones lie outside. */
const IPV6_GLOBAL = ["2000::", 3] as const;

const IPV6_SPECIAL = [
  ["2001::", 23], // IETF protocols: Teredo (2001::/32), benchmarks, ORCHIDv2
  ["2001:db8::", 32], // documentation (RFC 3849)
  ["2002::", 16], // 6to4 (RFC 3056): an IPv4 address in disguise
  ["3fff::", 20], // documentation (RFC 9637)
] as const;

/** Where clouds give out the credentials of the machine itself, by vendor's documentation. */
const METADATA_IPV4 = [
  "169.254.169.254", // AWS, Google, Azure, DigitalOcean, …
  "169.254.170.2", // AWS ECS tasks
  "169.254.170.23", // AWS EKS pod identity
  "169.254.169.123", // AWS time
  "168.63.129.16", // Azure's host agent; a public address that only machines there reach
  "100.100.100.200", // Alibaba
  "192.0.0.192", // Oracle
] as const;
const METADATA_IPV6 = ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"] as const;

function hexOf(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function specialList(): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of IPV4_SPECIAL) list.addSubnet(network, prefix, "ipv4");
  for (const [network, prefix] of IPV6_SPECIAL) list.addSubnet(network, prefix, "ipv6");
  return list;
}

function metadataList(): BlockList {
  const list = new BlockList();
  for (const address of METADATA_IPV6) list.addAddress(address, "ipv6");
  for (const address of METADATA_IPV4) {
    const hex = hexOf(address);
    list.addAddress(address, "ipv4");
    // The same through IPv6: compatible, mapped, NAT64 and 6to4.
    list.addAddress(`::${hex}`, "ipv6");
    list.addAddress(`::ffff:${hex}`, "ipv6");
    list.addAddress(`64:ff9b::${hex}`, "ipv6");
    list.addSubnet(`2002:${hex}::`, 48, "ipv6");
  }
  return list;
}

const SPECIAL = specialList();
const METADATA = metadataList();
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet(IPV6_GLOBAL[0], IPV6_GLOBAL[1], "ipv6");

/** What kind of address this is: of a public host, of a cloud's metadata service, or anything else. What is no address is special. */
export type AddressKind = "public" | "metadata" | "special";

/** Judges an address as `dns.lookup` or a URL gives it, without brackets or zone. */
export function kindOfAddress(address: string): AddressKind {
  if (isIPv4(address)) {
    if (METADATA.check(address, "ipv4")) return "metadata";
    return SPECIAL.check(address, "ipv4") ? "special" : "public";
  }
  // An address with a zone (`fe80::1%eth0`) is local by definition.
  if (!isIPv6(address) || address.includes("%")) return "special";
  if (METADATA.check(address, "ipv6")) return "metadata";
  return GLOBAL_IPV6.check(address, "ipv6") && !SPECIAL.check(address, "ipv6") ? "public" : "special";
}
