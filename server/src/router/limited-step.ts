import type { SlipwayError } from "@slipway/contracts/errors.ts";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { DeclaredLimits } from "#limits/declared/limits.ts";
import { NO_DEMAND, type Reservation } from "#limits/declared/reservation.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { CallOrigin } from "./booking.ts";
import { bounded, demandOf } from "./demand.ts";
import type { PriceTable } from "./price/price-table.ts";
import type { Router } from "./router.ts";

/** One model call of a run between its limits and the router. It may have to wait for its limits before it begins. */
class LimitedStep implements ModelEventSink, ModelCall {
  readonly #sink: ModelEventSink;
  #call: ModelCall | undefined;
  #reservation: Reservation | undefined;
  #paused = false;
  #over = false;

  constructor(sink: ModelEventSink) {
    this.#sink = sink;
  }

  begin(reservation: Reservation, start: (sink: ModelEventSink) => ModelCall): void {
    this.#reservation = reservation;
    if (this.#over) return reservation.settle();
    this.#call = start(this);
    if (this.#paused) this.#call.pause();
  }

  event(event: ModelEvent): void {
    this.#sink.event(event);
  }

  end(): void {
    this.#close();
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    if (this.#over) return;
    this.#close();
    this.#sink.fail(error);
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
    this.#call?.abort();
    this.#close();
  }

  #close(): void {
    this.#over = true;
    this.#reservation?.settle();
  }
}

/** Calls models for runs of agents, each call within the limits that hold for it. A refusal is thrown or fails through the sink. */
export function limitedStep(options: {
  readonly router: Router;
  readonly limits: DeclaredLimits;
  readonly prices: PriceTable;
  readonly metrics: Metrics;
}): (request: ModelRequest, origin: CallOrigin, sink: ModelEventSink) => ModelCall {
  const { router, limits, prices, metrics } = options;
  const refused = (error: unknown): SlipwayError => {
    const told = toSlipwayError(error);
    metrics.refusals.inc({ code: told.code });
    return told;
  };
  return (request, origin, sink) => {
    const { tenantId, keyId, userId, agent } = origin;
    const route = router.resolve(request.model, tenantId);
    const caller = { tenantId, keyId, userId: userId ?? undefined, agent, route: route.name };
    const plan = limits.empty ? null : limits.find(caller, "step");
    if (plan === null) return router.call(route, request, { ...origin, route: route.name }, sink);
    const step = new LimitedStep(sink);
    const asked = bounded(request, plan);
    const begin = (reservation: Reservation): void =>
      step.begin(reservation, (own) =>
        router.call(route, asked, { ...origin, route: route.name, charge: reservation }, own),
      );
    let reserved: Reservation | Promise<Reservation>;
    try {
      reserved = limits.reserve(plan, plan.measures ? demandOf(asked, route, prices) : NO_DEMAND);
    } catch (error) {
      throw refused(error);
    }
    if (reserved instanceof Promise) reserved.then(begin).catch((error: unknown) => step.fail(refused(error)));
    else begin(reserved);
    return step;
  };
}
