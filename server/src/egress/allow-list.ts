import { BlockList, isIP, isIPv6 } from "node:net";
import { kindOfAddress } from "./special-addresses.ts";

/** Hosts and networks that may be reached though they are not public. */
export interface AllowList {
  /** True when this host is named, with this port or without one. */
  host(hostname: string, port: number): boolean;
  /** True when this address lies in a named network. Metadata addresses only when each is named itself: no network reaches them. */
  address(address: string): boolean;
}

/** A host as URLs give it: lower case, no brackets, no dot at its end. */
export function plainHost(hostname: string): string {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return bare.toLowerCase().replace(/\.$/, "");
}

const NETWORK = /^(?<network>[0-9a-fA-F:.]+)\/(?<prefix>\d{1,3})$/;
// Names as URLs have them: international ones in their xn-- form.
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const WITH_PORT = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d{1,5})$/;

class Listed implements AllowList {
  readonly #networks = new BlockList();
  readonly #addresses = new Set<string>();
  readonly #hosts = new Set<string>();
  readonly #suffixes: string[] = [];

  /** False when the entry is none. */
  add(entry: string): boolean {
    const network = NETWORK.exec(entry)?.groups;
    if (network) return this.#addNetwork(network["network"] ?? "", Number(network["prefix"]));
    const withPort = WITH_PORT.exec(entry)?.groups;
    const host = plainHost(withPort?.["host"] ?? entry);
    const port = withPort?.["port"];
    if (host === "") return false;
    if (isIP(host) !== 0) {
      // As URLs write it, so that two spellings of one address are one.
      const written = isIPv6(host) ? plainHost(new URL(`http://[${host}]`).hostname) : host;
      if (port === undefined) this.#addresses.add(written);
      this.#hosts.add(port === undefined ? written : `${written} ${port}`);
      return true;
    }
    if (host.startsWith("*.") && port === undefined) {
      if (!NAME.test(host.slice(2))) return false;
      this.#suffixes.push(host.slice(1));
      return true;
    }
    if (!NAME.test(host)) return false;
    this.#hosts.add(port === undefined ? host : `${host} ${port}`);
    return true;
  }

  host(hostname: string, port: number): boolean {
    const host = plainHost(hostname);
    return (
      this.#hosts.has(host) ||
      this.#hosts.has(`${host} ${port}`) ||
      this.#suffixes.some((suffix) => host.endsWith(suffix))
    );
  }

  address(address: string): boolean {
    if (this.#addresses.has(plainHost(address))) return true;
    if (kindOfAddress(address) === "metadata") return false;
    return this.#networks.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }

  #addNetwork(network: string, prefix: number): boolean {
    const family = isIP(network);
    if (family === 0 || prefix > (family === 4 ? 32 : 128)) return false;
    this.#networks.addSubnet(network, prefix, family === 4 ? "ipv4" : "ipv6");
    return true;
  }
}

/**
 * A list out of entries such as `vault.internal`, `vault.internal:8200`, `*.svc.cluster.local`, `10.2.0.0/16`, `169.254.169.254`.
 * Throws a RangeError that names an entry which is none of these.
 */
export function allowListOf(entries: Iterable<string>): AllowList {
  const list = new Listed();
  for (const entry of entries) {
    const text = entry.trim();
    if (!list.add(text)) throw new RangeError(`${text} is neither a host, a host with a port, *.domain, nor a network`);
  }
  return list;
}

/** What either list allows. */
export function eitherList(one: AllowList, other: AllowList): AllowList {
  return {
    host: (hostname, port) => one.host(hostname, port) || other.host(hostname, port),
    address: (address) => one.address(address) || other.address(address),
  };
}
