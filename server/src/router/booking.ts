import type { ErrorCode } from "@slipway/contracts/errors.ts";
import { NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import type { Charge } from "#limits/declared/reservation.ts";
import { newId } from "#lib/ids.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { RecordQueue } from "#telemetry/record-queue.ts";
import { costOf } from "./price/model-price.ts";
import type { PriceTable } from "./price/price-table.ts";
import type { Target } from "./resolve.ts";

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
  /** The user whose request it is; absent or null: none. */
  readonly userId?: string | null;
  /** The name of the route that leads to the call. */
  readonly route?: string;
  /** What the call may cost, where a limit holds for it. */
  readonly charge?: Charge | undefined;
  /** Adds up what the request costs, over all its calls. */
  readonly spend?: Spend | undefined;
}

/** What a request has cost so far, in pico-dollars; null once a call's price is not known. */
export interface Spend {
  pico: number | null;
}

/** Where calls are booked. */
export interface Books {
  readonly ledger: RecordQueue<UsageEntry>;
  readonly metrics: Metrics;
  readonly prices: PriceTable;
}

/** One call as it ended. */
export interface EndedCall {
  readonly target: Target;
  readonly origin: CallOrigin;
  /** The model that the provider says has answered. */
  readonly answered: string | undefined;
  readonly outcome: UsageEntry["outcome"];
  readonly at: Date;
}

function countTokens(metrics: Metrics, provider: string, usage: Usage): void {
  metrics.modelTokens.inc({ provider, class: "input" }, usage.input);
  metrics.modelTokens.inc({ provider, class: "output" }, usage.output);
  if (usage.cachedRead > 0) metrics.modelTokens.inc({ provider, class: "cached_read" }, usage.cachedRead);
  if (usage.cacheWrite > 0) metrics.modelTokens.inc({ provider, class: "cache_write" }, usage.cacheWrite);
  if (usage.reasoning > 0) metrics.modelTokens.inc({ provider, class: "reasoning" }, usage.reasoning);
}

function take(
  books: Books,
  call: EndedCall,
  figures: { readonly usage: Usage; readonly source: UsageEntry["source"]; readonly cost: number | null },
): void {
  const { ledger, metrics, prices } = books;
  const { tenantId, requestId, keyId, agent } = call.origin;
  const { usage, source, cost } = figures;
  const provider = call.target.provider.name;
  const { spend } = call.origin;
  if (spend) spend.pico = cost === null || spend.pico === null ? null : spend.pico + cost;
  if (cost === null) metrics.unpricedCalls.inc({ provider });
  else if (cost > 0) metrics.modelCost.inc({ provider }, cost / 1e12);
  ledger.take({
    id: newId("use"),
    tenantId,
    requestId,
    keyId,
    agent,
    provider,
    model: call.target.model,
    usage,
    source,
    cost,
    priceVersion: prices.version,
    outcome: call.outcome,
    at: call.at,
    routesVersion: call.target.routesVersion ?? null,
    route: call.origin.route ?? null,
    userId: call.origin.userId ?? null,
  });
  call.origin.charge?.booked(cost, usage, call.at.getTime());
}

/** Books a call with its figures: one line of the ledger, tokens and cost in the metrics. */
export function bookUsage(books: Books, call: EndedCall, usage: Usage, source: UsageEntry["source"]): void {
  const { provider, model } = call.target;
  countTokens(books.metrics, provider.name, usage);
  const price = books.prices.find(provider.name, model, call.answered, call.at.getTime());
  take(books, call, { usage, source, cost: price === null ? null : costOf(price, usage) });
}

const MAYBE_BILLED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "provider_timeout",
  "provider_stream_broken",
  "provider_answer_unusable",
]);

/** Whether the model may have worked after this failure, and the vendor may bill it, though we have seen nothing. */
export function maybeBilled(code: ErrorCode): boolean {
  return MAYBE_BILLED.has(code);
}

/** Books a call that failed before it said anything. A refusal costs nothing; of one that may have been worked on nobody knows. */
export function bookFailure(books: Books, call: EndedCall, code: ErrorCode): void {
  take(books, call, {
    usage: NO_USAGE,
    source: "none",
    cost: maybeBilled(code) && !call.target.provider.mock ? null : 0,
  });
}
