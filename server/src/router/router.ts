import { toSlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { RetryBudgetSettings } from "#lib/retry-budget.ts";
import { Ticker } from "#lib/ticker.ts";
import type { CallContext, Provider } from "#providers/provider.ts";
import type { Logger } from "#telemetry/logger.ts";
import { type Asked, askTargets, sameModel } from "./attempts/asked-call.ts";
import { type BreakerChange, TargetStates } from "./attempts/target-state.ts";
import { type AnswerHeaders, type AttemptServices, RoutedCall } from "./attempts/routed-call.ts";
import type { Books, CallOrigin } from "./booking.ts";
import { type DrainSettings, Drains } from "./disconnect/drains.ts";
import { type CountedPrompt, countPrompt } from "./count-prompt.ts";
import { embedByRoute, type RoutedAnswer } from "./embedding-call.ts";
import { ThreadTokenCounter } from "./disconnect/token-counter.ts";
import { type Meter, withOwnKey } from "./metered-call.ts";
import { type ModelList, createModelList } from "./model-list.ts";
import type { PriceTable } from "./price/price-table.ts";
import type { OwnKeys } from "./own-keys/own-keys.ts";
import { PrefixMemory } from "./routes/prefix-memory.ts";
import type { Route, TargetPrice } from "./routes/route.ts";
import { NO_ROUTES, RouteSnapshot, type RouteSources } from "./routes/snapshot.ts";

export interface Router {
  /** Where this model name leads for this tenant. Throws `model_not_found` or `provider_not_configured`. */
  resolve(model: string, tenantId: string): Route;
  /** Puts other routes in force: requests that are resolved from now on take them. */
  setRoutes(sources: Partial<RouteSources>): void;
  /** The version of the routes in force; null when none is configured. */
  readonly routesVersion: string | null;
  /** The model names that routes have given this tenant. */
  routeNames(tenantId: string): readonly string[];
  /**
   * Answers the request by the route's targets, one attempt after another until one begins; every call of a provider, however it
   * ends, becomes one line of the usage ledger. The provider that answers is named in `headers`, when they are given.
   */
  call(
    route: Route,
    request: ModelRequest,
    origin: CallOrigin,
    sink: ModelEventSink,
    headers?: AnswerHeaders,
  ): ModelCall;
  /**
   * Asks the route's targets of its first model for vectors, one attempt after another until one answers; every call, however it
   * ends, becomes one line of the usage ledger. Rejects with an `EmbeddingFailure`, or with what keeps every target from being asked.
   */
  embed(route: Route, request: EmbeddingRequest, origin: CallOrigin, signal: AbortSignal): Promise<RoutedAnswer>;
  /**
   * Tokens of the prompt for the route's first model, counted by the vendor where it does that, else estimated. Attempted like
   * any call; rejects with what the vendor says.
   */
  countTokens(
    route: Route,
    request: ModelRequest,
    context: CallContext & Pick<CallOrigin, "tenantId">,
    signal: AbortSignal,
  ): Promise<Asked<CountedPrompt>>;
  /** The models that the configured providers offer. */
  readonly models: ModelList;
  /**
   * Sees to it that every call whose client has left is booked: waits for those that are read on, at most `graceMs`, and
   * estimates the rest. Before the ledger's queue is closed.
   */
  settle(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How often running calls are looked at: their timeouts are exact to this, in milliseconds. */
const TICK_MS = 100;
const MOST_LOGGED_NAME = 200;
// What is left to be counted when the process ends is counted roughly after this.
const COUNT_GRACE_MS = 2_000;

function reportBreaker(meter: Meter, log: Logger): (change: BreakerChange) => void {
  return ({ provider, model, label, from, to, openMs, last }) => {
    meter.metrics.breakerChanges.inc({ target: label, to });
    const fields = { provider, model: model.slice(0, MOST_LOGGED_NAME), from, to };
    if (to === "open")
      log.warn({ ...fields, openMs, code: last?.code, reason: last?.message }, "a target is taken out: its calls fail");
    else log.info(fields, to === "closed" ? "a target is back" : "a target is probed");
  };
}

/** What targets are compared by: the rates of a short prompt, where all of them are known. */
function listPrice(prices: PriceTable, provider: string, model: string): TargetPrice | undefined {
  const rates = prices.find(provider, model, undefined, Date.now())?.[0];
  if (!rates || rates.output === null) return undefined;
  return { input: rates.input, cachedInput: rates.cachedRead, output: rates.output };
}

/** Routes model calls to the configured providers. */
export function createRouter(
  options: Books & {
    readonly providers: ReadonlyMap<string, Provider>;
    /** Bounds of reading on after a client has left. */
    readonly drains: DrainSettings;
    readonly log: Logger;
    /** Keys that tenants have with vendors themselves. */
    readonly ownKeys?: Pick<OwnKeys, "of">;
    /** For tests of what the budget is good for. */
    readonly retries?: RetryBudgetSettings;
    /** For tests: chance, from 0 up to 1. */
    readonly random?: () => number;
  },
): Router {
  const { providers, ledger, metrics, prices, log } = options;
  const drains = new Drains(options.drains);
  const tokens = new ThreadTokenCounter();
  metrics.watchDrains(() => drains.running);
  const meter: Meter = { ledger, metrics, prices, drains, tokens, ownKeys: options.ownKeys };
  const services: AttemptServices = {
    meter,
    ticker: new Ticker(TICK_MS),
    now: () => performance.now(),
    random: options.random ?? Math.random,
  };
  const states = new TargetStates(reportBreaker(meter, log), options.retries);
  metrics.watchAttempts(() => states.attempts());
  const priceOf = (provider: string, model: string): TargetPrice | undefined => listPrice(prices, provider, model);
  const context = { providers, states, memory: new PrefixMemory(), priceOf };
  let sources = NO_ROUTES;
  let snapshot = new RouteSnapshot(sources, context, log);
  return {
    models: createModelList(providers),
    resolve: (model, tenantId) => snapshot.resolve(model, tenantId),
    setRoutes(changed) {
      sources = { ...sources, ...changed };
      snapshot = new RouteSnapshot(sources, context, log);
    },
    get routesVersion() {
      return snapshot.version;
    },
    routeNames: (tenantId) => snapshot.names(tenantId),
    call(route, request, origin, sink, headers) {
      const call = new RoutedCall(services, route, request, origin, sink, headers);
      call.start();
      return call;
    },
    embed: (route, request, origin, signal) => embedByRoute(services, { route, request, origin, signal }),
    countTokens: (route, request, context, signal) =>
      askTargets(services, {
        route: sameModel(route),
        origin: context,
        signal,
        ask: (target) => countPrompt(tokens, withOwnKey(meter, target, context.tenantId), request, context, signal),
        errorOf: toSlipwayError,
        affordable: () => true,
        telling: false,
      }),
    async settle(graceMs) {
      await drains.settle(graceMs);
      await tokens.settle(COUNT_GRACE_MS);
    },
    async close() {
      await Promise.all([...providers.values()].map((provider) => provider.close()));
    },
  };
}
