import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingAnswer, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, WireFamily } from "@slipway/contracts/model/request.ts";
import type { BoundedMap } from "#lib/bounded-map.ts";
import type { CallContext, EmbedControl, Provider } from "#providers/provider.ts";

/** Reads and decrypts the key of this version. Rejects with a SlipwayError. */
export type OpenKey = (tenantId: string, provider: string, version: string) => Promise<string>;

/** Whose key it is, and what is called by it. */
export interface OwnKey {
  readonly tenantId: string;
  readonly version: string;
  readonly base: Provider;
  readonly openKey: OpenKey;
}

/**
 * What the vendor says of a tenant's own key, in codes of their own: the breaker of the target is shared by all tenants, and one
 * tenant's wrong or spent key must not take the target from the others.
 */
function ofOwnKey(error: SlipwayError): SlipwayError {
  const { retryAfter } = error;
  const more = { cause: error, ...(retryAfter === undefined ? {} : { retryAfter }) };
  if (error.code === "provider_auth") {
    return new SlipwayError("provider_key_rejected", "The provider does not take your organisation's own key.", {
      ...more,
      hint: "Put another one with PUT /api/v1/provider-keys/{provider}, or remove it.",
    });
  }
  if (error.code === "provider_rate_limited") {
    return new SlipwayError("provider_key_rate_limited", "The provider limits your organisation's own key.", {
      ...more,
      hint: "Wait and try again, or ask the vendor for more.",
    });
  }
  return error;
}

/** A call that may begin later, when its key is decrypted. It is its own ear, so that a failure is told as that of an own key. */
class OwnKeyCall implements ModelCall, ModelEventSink {
  readonly #sink: ModelEventSink;
  #call: ModelCall | undefined;
  #paused = false;
  #over = false;

  constructor(sink: ModelEventSink) {
    this.#sink = sink;
  }

  begin(provider: Provider, request: ModelRequest, context: CallContext): void {
    if (this.#over) return;
    this.#call = provider.call(request, context, this);
    if (this.#paused) this.#call.pause();
  }

  event(event: ModelEvent): void {
    this.#sink.event(event);
  }

  end(): void {
    this.#over = true;
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.fail(ofOwnKey(error));
  }

  pause(): void {
    this.#paused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#call?.resume();
  }

  abort(): void {
    this.#over = true;
    this.#call?.abort();
  }
}

/** A provider as one tenant calls it. The server's own key is never used in its place: what cannot be decrypted fails. */
export class OwnKeyProvider implements Provider {
  readonly name: string;
  readonly family: WireFamily;
  readonly mock: boolean;
  readonly embed?: NonNullable<Provider["embed"]>;
  readonly countTokens?: NonNullable<Provider["countTokens"]>;
  readonly #key: OwnKey;
  readonly #opened: BoundedMap<OwnKeyProvider, Provider>;
  #opening: Promise<Provider> | undefined;

  constructor(key: OwnKey, opened: BoundedMap<OwnKeyProvider, Provider>) {
    const { base } = key;
    this.name = base.name;
    this.family = base.family;
    this.mock = base.mock;
    this.#key = key;
    this.#opened = opened;
    if (base.embed) this.embed = (request, context, control) => this.#embed(request, context, control);
    if (base.countTokens)
      this.countTokens = (request, context, signal) =>
        this.#with((provider) => provider.countTokens?.(request, context, signal));
  }

  call(request: ModelRequest, context: CallContext, sink: ModelEventSink): ModelCall {
    const call = new OwnKeyCall(sink);
    const opened = this.#opened.get(this);
    if (opened) call.begin(opened, request, context);
    else {
      this.#open().then(
        (provider) => call.begin(provider, request, context),
        (error: unknown) => call.fail(toSlipwayError(error)),
      );
    }
    return call;
  }

  listModels(timeoutMs: number): Promise<readonly string[]> {
    return this.#key.base.listModels(timeoutMs);
  }

  /** The connections are the base's. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #embed(request: EmbeddingRequest, context: CallContext, control: EmbedControl): Promise<EmbeddingAnswer> {
    return this.#with((provider) => provider.embed?.(request, context, control));
  }

  async #with<Answer>(ask: (provider: Provider) => Promise<Answer> | undefined): Promise<Answer> {
    const provider = this.#opened.get(this) ?? (await this.#open());
    const asked = ask(provider);
    if (asked === undefined) throw new TypeError("a provider does less with one key than with another");
    try {
      return await asked;
    } catch (error) {
      throw ofOwnKey(toSlipwayError(error));
    }
  }

  #open(): Promise<Provider> {
    const { tenantId, version, base, openKey } = this.#key;
    this.#opening ??= openKey(tenantId, base.name, version)
      .then((apiKey) => {
        const provider = base.withKey?.(apiKey);
        if (!provider) throw new TypeError("a provider without keys was given one");
        this.#opened.set(this, provider);
        return provider;
      })
      .finally(() => (this.#opening = undefined));
    return this.#opening;
  }
}
