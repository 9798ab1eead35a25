import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink, StartEvent } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Ticked, Ticker } from "#lib/ticker.ts";
import type { Provider } from "#providers/provider.ts";
import { type CallOrigin, type Meter, meteredCall } from "../metered-call.ts";
import type { Choice, Route, RouteTarget } from "../routes/route.ts";
import { nobodyError, outOfTimeError, silenceError, type Verdict, verdictOf } from "./failure.ts";
import { Hedge, type HedgeOwner } from "./hedge.ts";
import { admits, Recovery } from "./recovery.ts";
import { settleFailed, settleOk, settleUntold } from "./settle.ts";

/** What all attempts share. */
export interface AttemptServices {
  readonly meter: Meter;
  readonly ticker: Ticker;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly random: () => number;
}

/** The headers of an answer that has not begun. */
export interface AnswerHeaders {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

/** The transport ends a call at its deadline; this long after it the attempt is ended whatever the transport does. */
const DEADLINE_GRACE_MS = 1_000;

const OUT_OF_TIME: Verdict = { again: false, elsewhere: false, mark: "nothing", outcome: "timeout" };

function nameProvider(headers: AnswerHeaders, provider: Provider): void {
  headers.setHeader("x-slipway-provider", provider.name);
  if (provider.mock) headers.setHeader("x-slipway-mock", "true");
}

function wake(call: RoutedCall): void {
  call.wake();
}

/**
 * One request on its way through a route: one attempt after another until one begins to answer. From its first word on an answer
 * is never replaced; until then the caller does not hear of failures. One object for the request, and no more while all goes well:
 * it is the sink of the attempt that runs.
 */
export class RoutedCall implements ModelEventSink, ModelCall, Ticked, HedgeOwner {
  place = -1;
  readonly #services: AttemptServices;
  readonly #route: Route;
  readonly #request: ModelRequest;
  readonly #origin: CallOrigin;
  readonly #sink: ModelEventSink;
  readonly #headers: AnswerHeaders | undefined;
  #target: RouteTarget | undefined;
  #bit = 0;
  #call: ModelCall | undefined;
  #probe = false;
  /** When the attempt began, or when it was last heard. */
  #since = 0;
  #startedAt = 0;
  #start: StartEvent | undefined;
  #starting = true;
  #begun = false;
  #heard = false;
  #paused = false;
  #over = false;
  /** The caller wants to hear nothing more. */
  #left = false;
  #timer: NodeJS.Timeout | undefined;
  #recovery: Recovery | undefined;
  #hedge: Hedge | undefined;
  #hedged = false;

  constructor(
    services: AttemptServices,
    route: Route,
    request: ModelRequest,
    origin: CallOrigin,
    sink: ModelEventSink,
    headers: AnswerHeaders | undefined,
  ) {
    this.#services = services;
    this.#route = route;
    this.#request = request;
    this.#sink = sink;
    this.#headers = headers;
    const { totalMs } = route.policy;
    this.#origin =
      totalMs === undefined ? origin : { ...origin, deadline: Math.min(origin.deadline, Date.now() + totalMs) };
  }

  /** Makes the first attempt. Nothing is told to the sink before this has returned. */
  start(): void {
    const { only } = this.#route;
    const now = this.#services.now();
    this.#services.ticker.add(this);
    if (only && admits(this.#route, only, now)) {
      only.state.provider.retries.first(now);
      this.#attempt(only, 1, now);
    } else {
      this.#recovery = new Recovery(this.#route, 0);
      this.#advance(now);
    }
    this.#starting = false;
  }

  event(event: ModelEvent): void {
    if (!this.#begun) {
      if (event.type === "start") {
        this.#start = event;
        return;
      }
      this.#begin();
    }
    this.#heard = true;
    this.#sink.event(event);
  }

  end(): void {
    if (this.#over || !this.#target) return;
    settleOk(this.#target, this.#services.now());
    this.#close();
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    const target = this.#target;
    if (this.#over || !target) return;
    const now = this.#services.now();
    // An answer that was still being written when the request's time was up says nothing against its target.
    const late = this.#begun && error.code === "provider_timeout" && Date.now() >= this.#origin.deadline;
    const verdict = late ? OUT_OF_TIME : verdictOf(error);
    settleFailed(target, this.#probe, verdict, error, now);
    this.#target = undefined;
    this.#probe = false;
    if (this.#begun) return this.#giveUp(error);
    this.#start = undefined;
    const recovery = (this.#recovery ??= new Recovery(this.#route, target.state.provider.bit));
    recovery.note(this.#bit, error, verdict);
    // The other of two hedged attempts still runs.
    if (this.#hedge) return;
    if (verdict.again || verdict.elsewhere) this.#advance(now);
    else this.#giveUp(error);
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
    this.#left = true;
    if (this.#over) return;
    const target = this.#target;
    this.#close();
    if (!target) return;
    this.#call?.abort();
    settleUntold(target, this.#probe, "aborted");
  }

  tick(now: number): void {
    if (this.#over) return;
    const late = Date.now() - this.#origin.deadline;
    if (late > DEADLINE_GRACE_MS) return this.#stop(outOfTimeError());
    const { policy } = this.#route;
    if (this.#hedge && now - this.#hedge.startedAt >= policy.firstTokenMs) this.#stopHedge(this.#hedge);
    if (!this.#target) return;
    if (this.#heard || this.#paused) {
      this.#heard = false;
      this.#since = now;
      return;
    }
    const limit = this.#begun ? policy.idleMs : this.#request.stream ? policy.firstTokenMs : policy.answerMs;
    if (now - this.#since >= limit) this.#stop(silenceError(this.#target.provider.name, this.#begun, limit));
    else if (policy.hedge && this.#mayHedge(policy.hedge.afterMs, now)) this.#startHedge(now);
  }

  /** A pause between two attempts is over. */
  wake(): void {
    this.#timer = undefined;
    if (!this.#over) this.#advance(this.#services.now());
  }

  hedgeBegan(hedge: Hedge): void {
    const target = this.#target;
    this.#hedge = undefined;
    if (target) {
      const now = this.#services.now();
      this.#call?.abort();
      settleUntold(target, this.#probe, "superseded");
      target.state.latency.observe(now - this.#startedAt, now);
    }
    this.#services.meter.metrics.hedges.inc({ outcome: "won" });
    this.#target = hedge.target;
    this.#bit = hedge.bit;
    this.#probe = hedge.probe;
    this.#startedAt = hedge.startedAt;
    this.#call = hedge.call;
    this.#start = hedge.start;
    if (this.#paused) this.#call?.pause();
  }

  hedgeFailed(hedge: Hedge, error: SlipwayError): void {
    const now = this.#services.now();
    const verdict = verdictOf(error);
    settleFailed(hedge.target, hedge.probe, verdict, error, now);
    this.#hedge = undefined;
    this.#services.meter.metrics.hedges.inc({ outcome: "failed" });
    this.#recovery?.note(hedge.bit, error, verdict);
    if (!this.#target && !this.#over) this.#advance(now);
  }

  #choice(now: number): Choice {
    return { request: this.#request, tenantId: this.#origin.tenantId, now, random: this.#services.random };
  }

  #advance(now: number): void {
    const recovery = this.#recovery;
    if (!recovery) return;
    const msLeft = this.#origin.deadline - Date.now();
    if (msLeft <= 0) return this.#giveUp(recovery.error ?? outOfTimeError());
    const next = recovery.next(this.#choice(now), msLeft, ({ provider }) =>
      this.#services.meter.metrics.retriesDenied.inc({ provider: provider.name }),
    );
    if (typeof next === "number") this.#timer = setTimeout(wake, next, this);
    // What has failed may have to be paid all the same; without money for one more, nothing more is asked.
    else if (next && this.#affordable()) this.#attempt(next.target, next.bit, now);
    else this.#giveUp(recovery.error ?? this.#nobody(recovery, now));
  }

  #affordable(): boolean {
    return this.#origin.charge?.further() ?? true;
  }

  #nobody(recovery: Recovery, now: number): SlipwayError {
    const states = this.#route.pools.flatMap(({ targets }) => targets.map(({ state }) => state));
    const last = states.find(({ lastFailure }) => lastFailure !== undefined)?.lastFailure;
    return nobodyError({ route: this.#route.name, ...recovery.outlook(now), last });
  }

  #attempt(target: RouteTarget, bit: number, now: number): void {
    const { state } = target;
    state.inFlight += 1;
    if (this.#route.policy.hedge) state.provider.hedges.first(now);
    this.#target = target;
    this.#bit = bit;
    this.#probe = state.breaker.begin(now);
    this.#since = now;
    this.#startedAt = now;
    this.#call = meteredCall(this.#services.meter, target, this.#request, this.#origin, this);
    if (this.#paused) this.#call.pause();
  }

  #begin(): void {
    const target = this.#target;
    this.#begun = true;
    if (!target) return;
    if (this.#probe || this.#route.learns) this.#learn(target);
    if (this.#hedge) this.#dropHedge(this.#hedge);
    if (this.#headers && !this.#headers.headersSent) nameProvider(this.#headers, target.provider);
    if (this.#start) this.#sink.event(this.#start);
  }

  #learn(target: RouteTarget): void {
    const now = this.#services.now();
    if (this.#probe) target.state.breaker.probePassed(now);
    this.#probe = false;
    target.state.latency.observe(now - this.#startedAt, now);
    for (const { strategy, targets } of this.#route.pools) {
      if (strategy.answered && targets.includes(target)) strategy.answered(target, this.#choice(now));
    }
  }

  // Only a streamed answer says early that it has begun.
  #mayHedge(afterMs: number, now: number): boolean {
    return !this.#hedged && !this.#begun && this.#request.stream && now - this.#startedAt >= afterMs;
  }

  #startHedge(now: number): void {
    const { metrics } = this.#services.meter;
    this.#hedged = true;
    const recovery = (this.#recovery ??= new Recovery(this.#route, this.#target?.state.provider.bit ?? 0));
    const chosen = recovery.beside(this.#choice(now), this.#bit);
    if (!chosen) return;
    const { target, bit } = chosen;
    if (!this.#affordable() || !target.state.provider.hedges.take(now)) {
      metrics.hedges.inc({ outcome: "denied" });
      return;
    }
    const hedge = new Hedge(this, target, bit, now);
    this.#hedge = hedge;
    hedge.call = meteredCall(this.#services.meter, target, this.#request, this.#origin, hedge);
  }

  #dropHedge(hedge: Hedge): void {
    this.#hedge = undefined;
    hedge.call?.abort();
    settleUntold(hedge.target, hedge.probe, "superseded");
    this.#services.meter.metrics.hedges.inc({ outcome: "lost" });
  }

  #stopHedge(hedge: Hedge): void {
    hedge.call?.abort();
    this.hedgeFailed(hedge, silenceError(hedge.target.provider.name, false, this.#route.policy.firstTokenMs));
  }

  /** Ends the running attempt for a reason of our own, and goes on as after a failure of the target's. */
  #stop(error: SlipwayError): void {
    if (!this.#target) return this.#giveUp(error);
    this.#call?.abort();
    this.fail(error);
  }

  #close(): void {
    this.#over = true;
    this.#services.ticker.remove(this);
    clearTimeout(this.#timer);
    if (this.#hedge) this.#dropHedge(this.#hedge);
  }

  #giveUp(error: SlipwayError): void {
    this.#close();
    if (!this.#starting) return this.#sink.fail(error);
    queueMicrotask(() => {
      if (!this.#left) this.#sink.fail(error);
    });
  }
}
