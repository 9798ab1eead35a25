import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import { newId } from "#lib/ids.ts";
import type { Provider } from "#providers/provider.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { RecordQueue } from "#telemetry/record-queue.ts";
import { type ModelList, createModelList } from "./model-list.ts";
import { resolveTarget, type Target } from "./resolve.ts";

/** On whose behalf a model is called. */
export interface CallOrigin {
  readonly tenantId: string;
  readonly keyId: string;
  readonly requestId: string;
  readonly traceparent: string;
  /** Milliseconds since the epoch at which the whole request must be over. */
  readonly deadline: number;
  /** The agent whose run makes this call. */
  readonly agent: string | null;
}

export interface Router {
  /** Where this model name leads. Throws `model_not_found` or `provider_not_configured`. */
  resolve(model: string): Target;
  /** Calls the target; every call, however it ends, becomes one line of the usage ledger. */
  call(target: Target, request: ModelRequest, origin: CallOrigin, sink: ModelEventSink): ModelCall;
  /** The models that the configured providers offer. */
  readonly models: ModelList;
  close(): Promise<void>;
}

/** Stands between provider and client: counts, times and books the call, and hands every event on. */
class MeteredSink implements ModelEventSink {
  readonly #sink: ModelEventSink;
  readonly #provider: string;
  readonly #metrics: Metrics;
  readonly #book: (usage: Usage | undefined, outcome: UsageEntry["outcome"]) => void;
  readonly #startedAt = performance.now();
  #usage: Usage | undefined;
  #begun = false;
  #over = false;

  constructor(
    sink: ModelEventSink,
    provider: string,
    metrics: Metrics,
    book: (usage: Usage | undefined, outcome: UsageEntry["outcome"]) => void,
  ) {
    this.#sink = sink;
    this.#provider = provider;
    this.#metrics = metrics;
    this.#book = book;
  }

  event(event: ModelEvent): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#metrics.timeToFirstEvent.observe(
        { provider: this.#provider },
        (performance.now() - this.#startedAt) / 1000,
      );
    }
    if (event.type === "finish") this.#usage = event.usage;
    this.#sink.event(event);
  }

  end(): void {
    this.#close("ok");
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    this.#close("error");
    this.#sink.fail(error);
  }

  aborted(): void {
    this.#close("aborted");
  }

  #close(outcome: UsageEntry["outcome"]): void {
    if (this.#over) return;
    this.#over = true;
    this.#book(this.#usage, outcome);
  }
}

function countTokens(metrics: Metrics, provider: string, usage: Usage): void {
  metrics.modelTokens.inc({ provider, class: "input" }, usage.input);
  metrics.modelTokens.inc({ provider, class: "output" }, usage.output);
  if (usage.cachedRead > 0) metrics.modelTokens.inc({ provider, class: "cached_read" }, usage.cachedRead);
  if (usage.cacheWrite > 0) metrics.modelTokens.inc({ provider, class: "cache_write" }, usage.cacheWrite);
  if (usage.reasoning > 0) metrics.modelTokens.inc({ provider, class: "reasoning" }, usage.reasoning);
}

/** Routes model calls to the configured providers. */
export function createRouter(options: {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly ledger: RecordQueue<UsageEntry>;
  readonly metrics: Metrics;
}): Router {
  const { providers, ledger, metrics } = options;
  return {
    models: createModelList(providers),
    resolve: (model) => resolveTarget(model, providers),
    call(target, request, origin, sink) {
      const provider = target.provider.name;
      const metered = new MeteredSink(sink, provider, metrics, (usage, outcome) => {
        metrics.modelCalls.inc({ provider, outcome });
        if (usage) countTokens(metrics, provider, usage);
        ledger.take({
          id: newId("use"),
          tenantId: origin.tenantId,
          requestId: origin.requestId,
          keyId: origin.keyId,
          agent: origin.agent,
          provider,
          model: target.model,
          usage: usage ?? NO_USAGE,
          source: usage ? "provider" : "none",
          outcome,
          at: new Date(),
        });
      });
      const call = target.provider.call({ ...request, model: target.model }, origin, metered);
      return {
        pause: () => call.pause(),
        resume: () => call.resume(),
        abort: () => {
          call.abort();
          metered.aborted();
        },
      };
    },
    async close() {
      await Promise.all([...providers.values()].map((provider) => provider.close()));
    },
  };
}
