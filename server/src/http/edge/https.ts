import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Exchange } from "../context.ts";
import type { Peers } from "./peer.ts";

/** Looks at a request before anything else does; true when it has been answered. */
export type Doorkeeper = (exchange: Exchange) => SlipwayError | "answered" | undefined;

/** What is demanded of connections. */
export interface HttpsOptions {
  readonly peers: Peers;
  /** Seconds for which browsers are told to use https alone; 0: they are not told. */
  readonly hstsSeconds: number;
  /** Where people reach this server; empty: at whatever host they ask for. */
  readonly publicOrigins: readonly string[];
}

// A host as it may stand in an address: what else a header could carry does not go back into one.
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const TARGET = /^\/[\x21-\x7e]*$/;

/** The https address of what was asked for; undefined when it cannot be made. */
function securely({ req }: Exchange, publicOrigins: readonly string[]): string | undefined {
  const { host } = req.headers;
  const target = req.url ?? "";
  if (typeof host !== "string" || !HOST.test(host) || !TARGET.test(target)) return undefined;
  const secure = publicOrigins.filter((origin) => origin.startsWith("https:"));
  const [main] = secure;
  // A host that is none of ours is not led on to, where it is known which are.
  const origin =
    main === undefined || secure.includes(`https://${host}`) ? `https://${host.replace(/:80$/, "")}` : main;
  return origin + (target.startsWith("//") ? `/.${target}` : target);
}

/**
 * Sends plain requests to https, and refuses those that carry something: a body that came in the clear has been read by others
 * already, and must not be sent a second time by a redirect that hides it. Answers over https tell browsers to stay there (RFC 6797).
 */
export function createHttpsDoorkeeper(options: HttpsOptions): Doorkeeper {
  const { peers, hstsSeconds, publicOrigins } = options;
  const hsts = `max-age=${hstsSeconds}`;
  return (exchange) => {
    const { req, res } = exchange;
    if (peers.isHttps(req)) {
      if (hstsSeconds > 0) res.setHeader("strict-transport-security", hsts);
      return undefined;
    }
    const location = req.method === "GET" || req.method === "HEAD" ? securely(exchange, publicOrigins) : undefined;
    res.setHeader("connection", "close");
    if (location === undefined) {
      return new SlipwayError(
        "https_required",
        "This server is reached by https only; the request came in the clear.",
        {
          hint: "Use https://, and make a new key if this request carried one.",
        },
      );
    }
    exchange.context.route = "https-redirect";
    res.writeHead(308, { location, "content-length": 0, "cache-control": "no-store" });
    res.end();
    return "answered";
  };
}
