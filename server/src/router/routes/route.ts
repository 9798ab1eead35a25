import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { AttemptPolicy } from "../attempts/policy.ts";
import type { AttemptCounts, TargetState } from "../attempts/target-state.ts";
import type { CachedTarget } from "../cache/book-hit.ts";
import type { RouteCache } from "../cache/policy.ts";
import type { PicoDollars } from "../price/model-price.ts";
import type { Target } from "../resolve.ts";

/** What a token costs. */
export interface TargetPrice {
  readonly input: PicoDollars;
  /** Of tokens that the provider reads from its prompt cache. */
  readonly cachedInput: PicoDollars;
  readonly output: PicoDollars;
}

/** A target as a route names it. */
export interface RouteTarget extends Target {
  readonly weight: number;
  /** The lowest number is asked first. */
  readonly priority: number;
  /** Unknown is undefined, never 0. */
  readonly price: TargetPrice | undefined;
  readonly state: TargetState;
  readonly counts: AttemptCounts;
}

/** What a strategy may look at. */
export interface Choice {
  readonly request: ModelRequest;
  readonly tenantId: string;
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  readonly random: () => number;
}

/** A way to choose one of several targets. */
export interface Strategy {
  /** One of the targets whose bit is set in `open`, of which there is at least one. */
  pick(targets: readonly RouteTarget[], open: number, choice: Choice): RouteTarget;
  /** Told which target began to answer; only strategies that learn from it have this. */
  answered?(target: RouteTarget, choice: Choice): void;
}

/** Targets of which any one will do. */
export interface Pool {
  readonly targets: readonly RouteTarget[];
  readonly strategy: Strategy;
}

/** Where a model name leads. Immutable; it belongs to one version of the routes. */
export interface Route {
  /** The name of the route, or of the model where no route is configured. */
  readonly name: string;
  /** The route's targets, then each fallback as a pool of its own. */
  readonly pools: readonly Pool[];
  /** The target of a route that has no other. */
  readonly only: RouteTarget | undefined;
  readonly policy: AttemptPolicy;
  /** Something must be measured or learned when an answer begins. */
  readonly learns: boolean;
  /** Whether answers are kept; undefined: a request's own header decides. */
  readonly cache: RouteCache | undefined;
  /** Where its requests go, as kept answers are known by. */
  readonly asked: CachedTarget;
  /** The version of the routes that this one is of; null when none is configured. */
  readonly version: string | null;
}
