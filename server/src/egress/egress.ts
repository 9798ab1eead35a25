import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { Gate } from "#lib/gate.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { allowListOf, eitherList, plainHost } from "./allow-list.ts";
import { ACCEPTED_CODINGS, decodeBody } from "./body.ts";
import { checkedAddresses, type EgressPolicy, parseTarget } from "./destination.ts";
import { busy, failed, late, refused, stopped } from "./errors.ts";
import { exchange, type RawAnswer } from "./exchange.ts";
import { EGRESS_PURPOSES, type EgressLimits, type EgressPurpose } from "./purposes.ts";
import { type Hop, isRedirect, nextHop } from "./redirect.ts";
import { createSystemResolver, type Resolve, type ResolvedAddress } from "./resolver.ts";

/** One outgoing request. */
export interface EgressRequest {
  /** Absent: GET. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Ends the request with `client_closed_request`. */
  readonly signal?: AbortSignal;
  /** Bounds that differ from the client's. */
  readonly limits?: Partial<Omit<EgressLimits, "atOnce" | "waiting">>;
}

/** What came back, whatever its status. */
export interface EgressAnswer extends RawAnswer {
  /** Where it came from, after redirects. */
  readonly url: string;
}

/** Makes outgoing requests for one purpose. */
export interface EgressClient {
  readonly purpose: EgressPurpose;
  /**
   * Resolves with any answer, its body whole and without its content coding. Rejects with `egress_refused`, `egress_timeout`,
   * `egress_too_large`, `egress_busy`, `egress_failed` or `client_closed_request`.
   */
  request(url: string | URL, request?: EgressRequest): Promise<EgressAnswer>;
  /** Closes kept connections. */
  close(): void;
}

/** What a client may do besides what its purpose and the server's settings say. */
export interface ClientOptions {
  /** Hosts and networks that this client may reach though they are not public, such as the host that the operator configured. */
  readonly allow?: readonly string[];
  /** True: plain HTTP to public hosts too. */
  readonly plainHttp?: boolean;
  /** More certificates to trust beside the system's, PEM. */
  readonly ca?: string;
  /** Keeps a few connections for the next request. */
  readonly keepAlive?: boolean;
  readonly limits?: Partial<EgressLimits>;
}

/** Gives out the clients. */
export interface Egress {
  client(purpose: EgressPurpose, options?: ClientOptions): EgressClient;
}

/** Where requests are counted. */
export interface EgressMetrics {
  readonly egress: Pick<Metrics["egress"], "inc">;
}

/** What all clients share. */
export interface EgressOptions {
  /** Hosts and networks that every client may reach though they are not public. */
  readonly allow: readonly string[];
  readonly metrics: EgressMetrics;
  /** Absent: the system's. */
  readonly resolve?: Resolve;
}

/** Headers that say where a message begins and ends or how it is carried: they are the client's own. */
const OWN_HEADERS =
  /^(?:host|connection|content-length|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const USER_AGENT = "slipway";
const OUTCOMES: Readonly<Record<string, string>> = {
  egress_refused: "refused",
  egress_timeout: "timeout",
  egress_too_large: "too_large",
  egress_busy: "busy",
  client_closed_request: "aborted",
};

function firstHop(url: string | URL, { method = "GET", headers = {}, body }: EgressRequest): Hop {
  const sent: Record<string, string> = { accept: "*/*", "accept-encoding": ACCEPTED_CODINGS, "user-agent": USER_AGENT };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (OWN_HEADERS.test(lower)) throw refused(`the header ${lower} is the client's own`);
    sent[lower] = value;
  }
  if (!METHODS.has(method)) throw refused("the method is not one of the known ones");
  return {
    url: parseTarget(url),
    method,
    headers: sent,
    body: typeof body === "string" ? Buffer.from(body) : body,
  };
}

class Client implements EgressClient {
  readonly purpose: EgressPurpose;
  readonly #policy: EgressPolicy;
  readonly #limits: EgressLimits;
  readonly #gate: Gate;
  readonly #resolve: Resolve;
  readonly #metrics: EgressMetrics;
  readonly #ca: string | undefined;
  readonly #plain: PlainAgent;
  readonly #tls: TlsAgent;

  constructor(purpose: EgressPurpose, shared: EgressOptions & { readonly resolve: Resolve }, options: ClientOptions) {
    this.purpose = purpose;
    this.#policy = {
      allow: eitherList(allowListOf(shared.allow), allowListOf(options.allow ?? [])),
      plainHttp: options.plainHttp ?? false,
    };
    this.#limits = { ...EGRESS_PURPOSES[purpose], ...options.limits };
    this.#gate = new Gate(this.#limits.atOnce, this.#limits.waiting);
    this.#resolve = shared.resolve;
    this.#metrics = shared.metrics;
    this.#ca = options.ca;
    const keeping = { keepAlive: options.keepAlive ?? false, maxFreeSockets: 4, timeout: 30_000 };
    this.#plain = new PlainAgent(keeping);
    this.#tls = new TlsAgent(keeping);
  }

  async request(url: string | URL, request: EgressRequest = {}): Promise<EgressAnswer> {
    let outcome = "ok";
    try {
      const answer = await this.#bounded(url, request);
      if (answer.status >= 400) outcome = "http_error";
      return answer;
    } catch (error) {
      const known = toSlipwayError(error);
      outcome = OUTCOMES[known.code] ?? "failed";
      throw known;
    } finally {
      this.#metrics.egress.inc({ purpose: this.purpose, outcome });
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }

  /** The request within its whole time and its caller's patience. */
  async #bounded(url: string | URL, request: EgressRequest): Promise<EgressAnswer> {
    const hop = firstHop(url, request);
    const host = plainHost(hop.url.hostname);
    const limits = { ...this.#limits, ...request.limits };
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(late(host, "total")), limits.totalMs);
    const stop = (): void => ending.abort(stopped());
    request.signal?.addEventListener("abort", stop, { once: true });
    try {
      if (request.signal?.aborted === true) throw stopped();
      await this.#gate.enter(ending.signal, { busy: () => busy(this.purpose), late: () => late(host, "queue") });
      try {
        return await this.#follow(hop, limits, ending.signal);
      } finally {
        this.#gate.leave();
      }
    } catch (error) {
      // Whatever broke because the time was over or the caller left is told as that.
      const reason: unknown = ending.signal.reason;
      if (ending.signal.aborted && reason instanceof SlipwayError) throw reason;
      throw error instanceof SlipwayError ? error : failed(host, error);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", stop);
    }
  }

  async #follow(first: Hop, limits: EgressLimits, signal: AbortSignal): Promise<EgressAnswer> {
    let hop = first;
    for (let redirects = 0; ; redirects += 1) {
      const addresses = await this.#addresses(hop.url, limits, signal);
      const agent = hop.url.protocol === "https:" ? this.#tls : this.#plain;
      const answer = await exchange(hop, addresses, { limits, agent, ca: this.#ca, signal });
      const { location } = answer.headers;
      if (limits.redirects === 0 || !isRedirect(answer.status, location)) {
        const host = plainHost(hop.url.hostname);
        const coding = answer.headers["content-encoding"];
        const body =
          hop.method === "HEAD" ? answer.body : await decodeBody(host, coding, answer.body, limits.maxBodyBytes);
        return { ...answer, body, url: hop.url.href };
      }
      if (redirects >= limits.redirects) throw refused(`there are more than ${limits.redirects} redirects`);
      hop = nextHop(hop, answer.status, location);
    }
  }

  /** Anew for each hop, within its own time. */
  async #addresses(url: URL, limits: EgressLimits, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const host = plainHost(url.hostname);
    let end: (error: Error) => void = () => {};
    const ended = new Promise<never>((_, reject) => (end = reject));
    const timer = setTimeout(() => end(late(host, "lookup")), limits.lookupMs);
    const stop = (): void => end(stopped());
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([checkedAddresses(url, this.#policy, this.#resolve), ended]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

/**
 * The one way out of the server but for model calls: every address is checked before it is connected to, on every hop.
 *
 * @example
 * const egress = createEgress({ allow: config.egress.allow, metrics });
 * const answer = await egress.client("jwks").request("https://issuer.example/jwks");
 */
export function createEgress(options: EgressOptions): Egress {
  const shared = { ...options, resolve: options.resolve ?? createSystemResolver() };
  // A wrong entry is told at the start, not at the first request.
  allowListOf(options.allow);
  return { client: (purpose, clientOptions = {}) => new Client(purpose, shared, clientOptions) };
}
