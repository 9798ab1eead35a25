import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, WireFamily } from "@slipway/contracts/model/request.ts";
import type { Codec } from "./codec.ts";
import type { CallContext, Provider } from "./provider.ts";
import { HttpCall } from "./transport/call.ts";
import { embedInBatches } from "./transport/embed.ts";
import { Http1Pool } from "./transport/http1/pool.ts";
import { countAtVendor } from "./transport/count.ts";
import { requestPage } from "./transport/page.ts";
import { DEFAULT_TIMEOUTS, type ProviderTimeouts, type Upstream } from "./transport/settings.ts";

const MAX_MODEL_PAGES = 10;
const MAX_MODELS = 10_000;
/** One connection carries one call at a time, so this bounds the calls that run at once to one upstream; more of them wait. */
const MAX_CONNECTIONS = 2_000;
const MAX_WAITING = 10_000;
const KEEP_ALIVE_MS = 30_000;

/** The formats of an upstream, with the key in them. */
export interface Codecs {
  readonly codec: Codec;
  /** A second format of the same upstream, and which requests go by it. */
  readonly other?: { readonly codec: Codec; readonly takes: (request: ModelRequest) => boolean };
}

/** What an {@link HttpProvider} is made of. */
export interface HttpProviderOptions extends Codecs {
  readonly name: string;
  /** The same formats with another key in them; absent: the key stays what it is. */
  readonly rekey?: (apiKey: string) => Codecs;
  /** Origin and, if it has one, path: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly timeouts?: Partial<ProviderTimeouts>;
}

/** A provider behind HTTP: any codec over one pool of kept connections. */
export class HttpProvider implements Provider {
  readonly name: string;
  readonly family: WireFamily;
  readonly mock = false;
  readonly embed?: NonNullable<Provider["embed"]>;
  readonly countTokens?: NonNullable<Provider["countTokens"]>;
  readonly setKey?: NonNullable<Provider["setKey"]>;
  readonly withKey?: NonNullable<Provider["withKey"]>;
  #upstream: Upstream;
  #other: { readonly upstream: Upstream; readonly takes: (request: ModelRequest) => boolean } | undefined;

  /** `pool`: connections of another provider's, which that one closes. */
  constructor(options: HttpProviderOptions, pool?: Http1Pool) {
    const url = new URL(options.baseUrl);
    const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.name = options.name;
    this.family = options.codec.family;
    this.#upstream = {
      name: options.name,
      codec: options.codec,
      basePath: url.pathname.replace(/\/+$/, ""),
      timeouts,
      pool:
        pool ??
        new Http1Pool({
          url,
          maxConnections: MAX_CONNECTIONS,
          maxWaiting: MAX_WAITING,
          connectMs: timeouts.connectMs,
          keepAliveMs: KEEP_ALIVE_MS,
        }),
    };
    this.#take(options);
    // Asked of the codec in force: its key may have changed.
    const { counting, embeddings } = options.codec;
    if (counting) {
      this.countTokens = (request, context, signal) =>
        countAtVendor(this.#upstream, this.#upstream.codec.counting ?? counting, request, context, signal);
    }
    if (embeddings) {
      this.embed = (request, context, control) =>
        embedInBatches(this.#upstream, this.#upstream.codec.embeddings ?? embeddings, request, context, control);
    }
    const { rekey } = options;
    if (rekey) {
      this.setKey = (apiKey) => this.#take(rekey(apiKey));
      this.withKey = (apiKey) => new HttpProvider({ ...options, ...rekey(apiKey) }, this.#upstream.pool);
    }
  }

  #take({ codec, other }: Codecs): void {
    this.#upstream = { ...this.#upstream, codec };
    this.#other = other && { upstream: { ...this.#upstream, codec: other.codec }, takes: other.takes };
  }

  call(request: ModelRequest, context: CallContext, sink: ModelEventSink): ModelCall {
    const upstream = this.#other?.takes(request) === true ? this.#other.upstream : this.#upstream;
    const call = new HttpCall(upstream, sink);
    call.start(request, context);
    return call;
  }

  async listModels(timeoutMs: number): Promise<readonly string[]> {
    const { codec } = this.#upstream;
    const deadline = Date.now() + timeoutMs;
    const models: string[] = [];
    let page: string | undefined;
    for (let count = 0; count < MAX_MODEL_PAGES; count += 1) {
      const found = codec.decodeListModels(await requestPage(this.#upstream, codec.encodeListModels(page), deadline));
      models.push(...found.models.slice(0, MAX_MODELS - models.length));
      page = found.next;
      if (page === undefined || models.length >= MAX_MODELS) break;
    }
    return models;
  }

  close(): Promise<void> {
    return this.#upstream.pool.close();
  }
}
