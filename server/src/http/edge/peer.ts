import type { Socket } from "node:net";
import type { HttpRequest } from "../message.ts";
import { type AddressList, plainAddress } from "./address-list.ts";

/** Who is at the other end of a request, behind whatever stands between. Nothing is worked out before it is asked for. */
export interface Peers {
  /** The client's address; undefined when the connection is gone. */
  readonly clientAddress: (req: HttpRequest) => string | undefined;
  /** Whether the client came by https. */
  isHttps(req: HttpRequest): boolean;
}

// A longer chain of proxies is none of anybody's; the rest of it is not read.
const MOST_HOPS = 32;
const MOST_CHARACTERS = 4096;

function header(req: HttpRequest, name: string): string | undefined {
  const value = req.headers[name];
  const text = Array.isArray(value) ? value.join(",") : value;
  return text === undefined || text.length > MOST_CHARACTERS ? undefined : text;
}

/** The address of an `X-Forwarded-For` entry, which may carry a port. */
function addressOf(hop: string): string | undefined {
  const text = hop.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d+$/.exec(text)?.[1];
  return plainAddress(bracketed ?? withPort ?? text);
}

/**
 * Believes `X-Forwarded-For` from `proxies`, and `X-Forwarded-Proto` from `schemeProxies`, when the connection itself comes from
 * one of them: whoever else sends such headers is not believed.
 */
export function createPeers(options: { readonly proxies: AddressList; readonly schemeProxies: AddressList }): Peers {
  const { proxies, schemeProxies } = options;
  return {
    clientAddress(req) {
      let address = plainAddress(req.socket?.remoteAddress);
      const hops = header(req, "x-forwarded-for")?.split(",").slice(-MOST_HOPS) ?? [];
      // From the nearest proxy outwards, as long as each is trusted: what the first one that is not says is only its word.
      while (hops.length > 0 && proxies.has(address)) {
        const next = addressOf(hops.pop() ?? "");
        if (next === undefined) break;
        address = next;
      }
      return address;
    },
    isHttps(req) {
      const { socket } = req;
      if (socket && "encrypted" in socket && (socket as Socket & { encrypted?: boolean }).encrypted === true)
        return true;
      const forwarded = header(req, "x-forwarded-proto");
      if (forwarded === undefined || !schemeProxies.has(socket?.remoteAddress)) return false;
      // Where several proxies add to it, https all the way is what counts.
      return forwarded.split(",").every((scheme) => scheme.trim().toLowerCase() === "https");
    },
  };
}
