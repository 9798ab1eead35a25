import { type ClientRequest, type Agent, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { plainHost } from "./allow-list.ts";
import { portOf } from "./destination.ts";
import { type EgressWait, failed, late, tooLarge } from "./errors.ts";
import type { EgressLimits } from "./purposes.ts";
import type { Hop } from "./redirect.ts";
import type { ResolvedAddress } from "./resolver.ts";

/** What one host said, its body still coded as it came. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; several values of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How a hop is made. */
export interface ExchangeOptions {
  readonly limits: EgressLimits;
  /** The agent of the hop's protocol; it must belong to one client only, so that what it keeps was checked by that client's rules. */
  readonly agent: Agent;
  /** More certificates to trust, PEM. */
  readonly ca: string | undefined;
  /** Ends the exchange, whatever it waits for. */
  readonly signal: AbortSignal;
}

// The name is not looked up a second time: between two lookups it could have come to lead elsewhere.
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all === true) return callback(null, [...addresses]);
    const [first] = addresses;
    callback(null, first?.address ?? "", first?.family);
  };
}

function headersOf(answer: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

function open(hop: Hop, addresses: readonly ResolvedAddress[], options: ExchangeOptions): ClientRequest {
  const { url, method, body } = hop;
  const host = plainHost(url.hostname);
  const tls = url.protocol === "https:";
  return (tls ? requestTls : requestPlain)({
    method,
    host,
    port: portOf(url),
    path: url.pathname + url.search,
    headers: {
      ...hop.headers,
      host: url.host,
      ...(body === undefined ? {} : { "content-length": String(body.length) }),
    },
    agent: options.agent,
    lookup: pinned(addresses),
    maxHeaderSize: options.limits.maxHeaderBytes,
    insecureHTTPParser: false,
    signal: options.signal,
    ...(tls
      ? {
          // Said out loud: NODE_TLS_REJECT_UNAUTHORIZED in the environment must not switch it off.
          rejectUnauthorized: true,
          minVersion: "TLSv1.2",
          servername: isIP(host) === 0 ? host : "",
          ...(options.ca === undefined ? {} : { ca: options.ca }),
        }
      : {}),
  });
}

/** One timer for the waits that follow each other. */
class Patience {
  #timer: NodeJS.Timeout | undefined;
  readonly #over: (wait: EgressWait) => void;

  constructor(over: (wait: EgressWait) => void) {
    this.#over = over;
  }

  until(wait: EgressWait, ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over(wait), ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * One request to one host, connected to one of these addresses and to nothing else. Rejects with `egress_timeout`,
 * `egress_too_large` or `egress_failed`; the connection is gone then.
 */
export function exchange(
  hop: Hop,
  addresses: readonly ResolvedAddress[],
  options: ExchangeOptions,
): Promise<RawAnswer> {
  const { limits } = options;
  const host = plainHost(hop.url.hostname);
  return new Promise((resolve, reject) => {
    const request = open(hop, addresses, options);
    const fail = (error: Error): void => {
      patience.end();
      reject(error);
      request.destroy();
    };
    const patience = new Patience((wait) => fail(late(host, wait)));
    patience.until("connect", limits.connectMs);
    request.once("socket", (socket) => {
      const connected = (): void => patience.until("answer", limits.answerMs);
      if (!socket.connecting) connected();
      else socket.once(hop.url.protocol === "https:" ? "secureConnect" : "connect", connected);
    });
    request.once("error", (error) => fail(failed(host, error)));
    // A switch of protocols was not asked for.
    request.once("upgrade", (_answer, socket) => {
      socket.destroy();
      fail(failed(host, new Error("upgrade")));
    });
    request.once("response", (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      if (Number(answer.headers["content-length"] ?? 0) > limits.maxBodyBytes && hop.method !== "HEAD") {
        return fail(tooLarge(host, limits.maxBodyBytes));
      }
      patience.until("silence", limits.silenceMs);
      answer.on("data", (chunk: Buffer) => {
        patience.until("silence", limits.silenceMs);
        length += chunk.length;
        if (length > limits.maxBodyBytes) return fail(tooLarge(host, limits.maxBodyBytes));
        chunks.push(chunk);
      });
      answer.once("error", (error) => fail(failed(host, error)));
      answer.once("end", () => {
        patience.end();
        resolve({ status: answer.statusCode ?? 0, headers: headersOf(answer), body: Buffer.concat(chunks, length) });
      });
    });
    request.end(hop.body);
  });
}
