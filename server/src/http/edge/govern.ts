import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Principal } from "#identity/principal.ts";
import type { DeclaredLimits } from "#limits/declared/limits.ts";
import type { Plan } from "#limits/declared/plan.ts";
import { type Demand, NO_DEMAND, type Reservation } from "#limits/declared/reservation.ts";
import { bounded, demandOf, embeddingDemand } from "#router/demand.ts";
import type { PriceTable } from "#router/price/price-table.ts";
import type { Route } from "#router/routes/route.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { Exchange } from "../context.ts";
import { setRateLimitHeaders } from "./rate-limit-headers.ts";

/**
 * Lets requests in by the limits that are declared, when it is known what they ask for. What was reserved stands in the exchange's
 * context; whoever serves the request settles it. Throws or rejects with what refuses. Undefined: no limit holds.
 */
export interface Govern {
  /** A call of a model, and what it uses `beside`; the request comes back with the bound of its answer that budgets need. */
  call(
    exchange: Exchange,
    route: Route,
    request: ModelRequest,
    beside?: Demand,
  ): ModelRequest | Promise<ModelRequest> | undefined;
  embed(exchange: Exchange, route: Route, request: EmbeddingRequest): void | Promise<void>;
  /** A run of an agent: its model calls are let in one by one, by {@link limitedStep}. */
  run(exchange: Exchange, agent: string): void | Promise<void>;
}

/** Admission by declared limits. */
export function createGovern(options: {
  readonly limits: DeclaredLimits;
  readonly prices: PriceTable;
  readonly metrics: Metrics;
}): Govern {
  const { limits, prices, metrics } = options;

  function find({ context }: Exchange, act: "call" | "run", agent: string | null, route: string | undefined) {
    const { principal } = context;
    return principal && !limits.empty ? limits.find(callerOf(principal, agent, route), act) : null;
  }

  function tell({ res, context }: Exchange, plan: Plan): void {
    const standing = limits.standing(plan);
    if (standing !== undefined && !res.headersSent) setRateLimitHeaders(res, context.path, standing);
  }

  function refused(exchange: Exchange, plan: Plan, error: unknown): never {
    if (error instanceof SlipwayError) metrics.refusals.inc({ code: error.code });
    tell(exchange, plan);
    // The official clients of OpenAI and Anthropic try again on any 429 unless they are told not to; a budget is not back in seconds.
    if (error instanceof SlipwayError && error.code === "budget_exceeded")
      exchange.res.setHeader("x-should-retry", "false");
    throw error;
  }

  function taken(exchange: Exchange, plan: Plan, reservation: Reservation): void {
    exchange.context.reservation = reservation;
    // Nobody would be told again that the client of a request that had to wait has left.
    if (exchange.res.destroyed) {
      throw new SlipwayError("client_closed_request", "The client left before its request was admitted.");
    }
    tell(exchange, plan);
  }

  function reserve(exchange: Exchange, plan: Plan, demand: () => Demand): void | Promise<void> {
    try {
      const reserved = limits.reserve(plan, plan.measures ? demand() : NO_DEMAND);
      if (!(reserved instanceof Promise)) return taken(exchange, plan, reserved);
      return reserved.then(
        (reservation) => taken(exchange, plan, reservation),
        (error: unknown) => refused(exchange, plan, error),
      );
    } catch (error) {
      return refused(exchange, plan, error);
    }
  }

  return {
    call(exchange, route, request, beside) {
      const plan = find(exchange, "call", null, route.name);
      if (plan === null) return undefined;
      const asked = bounded(request, plan);
      const waiting = reserve(exchange, plan, () => plus(demandOf(asked, route, prices), beside));
      return waiting === undefined ? asked : waiting.then(() => asked);
    },
    embed(exchange, route, request) {
      const plan = find(exchange, "call", null, route.name);
      return plan === null ? undefined : reserve(exchange, plan, () => embeddingDemand(request, route, prices));
    },
    run(exchange, agent) {
      const plan = find(exchange, "run", agent, undefined);
      return plan === null ? undefined : reserve(exchange, plan, () => NO_DEMAND);
    },
  };
}

/** What has no known price is not paid for where money is limited, so it adds none. */
function plus(demand: Demand, beside: Demand | undefined): Demand {
  if (!beside) return demand;
  const { tokens, worst, attempts } = demand;
  return { tokens: tokens + beside.tokens, worst: worst === null ? null : worst + (beside.worst ?? 0), attempts };
}

function callerOf({ tenantId, keyId, userId }: Principal, agent: string | null, route: string | undefined) {
  return { tenantId, keyId, userId: userId ?? undefined, agent, route };
}
