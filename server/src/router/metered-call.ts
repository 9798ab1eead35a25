import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { UnusableAnswer } from "#providers/wire/failure.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { bookFailure, type Books, bookUsage, type CallOrigin, type EndedCall, maybeBilled } from "./booking.ts";
import { type Drained, type Drains, MAX_DRAINED_CHARACTERS } from "./disconnect/drains.ts";
import { estimateUsage } from "./disconnect/estimate.ts";
import { onLeave } from "./disconnect/policy.ts";
import { Said } from "./disconnect/said.ts";
import type { TokenCounter } from "./disconnect/token-counter.ts";
import type { OwnKeys } from "./own-keys/own-keys.ts";
import type { Target } from "./resolve.ts";

export type { CallOrigin } from "./booking.ts";

/** What metered calls need besides their own. */
export interface Meter extends Books {
  /** Calls that are read on when their clients have left. */
  readonly drains: Drains;
  /** Counts what no provider has counted. */
  readonly tokens: TokenCounter;
  /** Absent: every tenant calls by the server's keys. */
  readonly ownKeys?: Pick<OwnKeys, "of"> | undefined;
}

/** The target as this tenant calls it: by its own key where it has one. */
export function withOwnKey(meter: Meter, target: Target, tenantId: string): Target {
  const provider = meter.ownKeys?.of(tenantId, target.provider) ?? target.provider;
  return provider === target.provider ? target : { ...target, provider };
}

/**
 * One call of one provider: stands between provider and caller, counts, times and books the call, and hands every event on.
 * It is the sink of the one and the call of the other, so that a call costs no closure.
 */
class MeteredCall implements ModelEventSink, ModelCall, Drained {
  readonly #meter: Meter;
  readonly #target: Target;
  readonly #request: ModelRequest;
  readonly #origin: CallOrigin;
  readonly #sink: ModelEventSink;
  readonly #said = new Said();
  readonly #startedAt = performance.now();
  #call: ModelCall | undefined;
  #usage: Usage | undefined;
  /** Figures that the provider gave on the way. */
  #known: Usage | undefined;
  #answered: string | undefined;
  #begun = false;
  /** Nobody listens any more. */
  #left = false;
  /** Nobody listens, and the upstream is read on. */
  #draining = false;
  #booked = false;

  constructor(meter: Meter, target: Target, request: ModelRequest, origin: CallOrigin, sink: ModelEventSink) {
    this.#meter = meter;
    this.#target = target;
    this.#request = request;
    this.#origin = origin;
    this.#sink = sink;
  }

  start(): void {
    this.#origin.charge?.begin();
    const request = this.#request;
    const { provider, model } = this.#target;
    const named = request.model === model ? request : { ...request, model };
    const { ownKeys } = this.#meter;
    const called = ownKeys === undefined ? provider : ownKeys.of(this.#origin.tenantId, provider);
    this.#call = called.call(named, this.#origin, this);
  }

  event(event: ModelEvent): void {
    if (!this.#begun) {
      this.#begun = true;
      const seconds = (performance.now() - this.#startedAt) / 1000;
      this.#meter.metrics.timeToFirstEvent.observe({ provider: this.#target.provider.name }, seconds);
    }
    if (event.type === "finish") this.#usage = event.usage;
    else if (event.type === "start") {
      this.#answered = event.model;
      this.#known = event.usage;
    } else this.#said.add(event);
    if (!this.#left) this.#sink.event(event);
    else if (this.#said.length > MAX_DRAINED_CHARACTERS) this.giveUp();
  }

  end(): void {
    this.#close(this.#left ? "aborted" : "ok");
    if (!this.#left) this.#sink.end();
  }

  fail(error: SlipwayError): void {
    if (error instanceof UnusableAnswer) this.#usage ??= error.usage;
    this.#close(this.#left ? "aborted" : "error", error);
    if (!this.#left) this.#sink.fail(error);
  }

  pause(): void {
    if (!this.#left) this.#call?.pause();
  }

  resume(): void {
    if (!this.#left) this.#call?.resume();
  }

  /** The caller hears nothing more. The upstream is stopped, or read on in the background where its vendor bills it all the same. */
  abort(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#booked) return;
    if (this.#usage === undefined && this.#readOn()) {
      // A client that reads slowly has held the upstream back.
      this.#call?.resume();
      return;
    }
    this.giveUp();
  }

  /** Stops the upstream and books what is known. */
  giveUp(): void {
    this.#call?.abort();
    this.#close("aborted");
  }

  #readOn(): boolean {
    const { provider } = this.#target;
    const vendor = this.#meter.prices.vendor(provider.name);
    const action = onLeave({ vendor, mock: provider.mock, streamed: this.#request.stream });
    this.#draining = action === "drain" && this.#meter.drains.take(this);
    return this.#draining;
  }

  #close(outcome: UsageEntry["outcome"], error?: SlipwayError): void {
    if (this.#booked) return;
    this.#booked = true;
    const meter = this.#meter;
    if (this.#draining) meter.drains.done(this);
    meter.metrics.modelCalls.inc({ provider: this.#target.provider.name, outcome });
    const call: EndedCall = {
      target: this.#target,
      origin: this.#origin,
      answered: this.#answered,
      outcome,
      at: new Date(),
    };
    if (this.#usage !== undefined) bookUsage(meter, call, this.#usage, this.#draining ? "drained" : "provider");
    // What was left before its first word may have been refused all the same: no more is owed for it than for one that was heard.
    else if (error && !this.#begun && (outcome === "error" || !maybeBilled(error.code)))
      bookFailure(meter, call, error.code);
    else this.#estimate(call);
  }

  #estimate(call: EndedCall): void {
    const meter = this.#meter;
    estimateUsage(meter.tokens, { request: this.#request, said: this.#said, known: this.#known }, (usage) =>
      bookUsage(meter, call, usage, "estimated"),
    );
  }
}

/**
 * Calls one target once. However the call ends (whole, failed, left by its client) it becomes one line of the usage ledger, at
 * its end or, where the figures have to be estimated, soon after it.
 */
export function meteredCall(
  meter: Meter,
  target: Target,
  request: ModelRequest,
  origin: CallOrigin,
  sink: ModelEventSink,
): ModelCall {
  const call = new MeteredCall(meter, target, request, origin, sink);
  call.start();
  return call;
}
