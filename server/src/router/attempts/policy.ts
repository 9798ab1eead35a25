import type { BackoffSettings } from "#lib/backoff.ts";

/** When a second attempt is started beside the first one, because the first says nothing. */
export interface HedgePolicy {
  /** Milliseconds without a first token. */
  readonly afterMs: number;
}

/** How a route's requests are attempted. All of it runs under the one deadline of the request. Times are milliseconds. */
export interface AttemptPolicy {
  /** Until a streamed answer says its first word, from the start of the attempt; reaching the upstream is part of it. */
  readonly firstTokenMs: number;
  /** Until an answer that is not streamed is there: the model writes all of it first. */
  readonly answerMs: number;
  /** Between two pieces of an answer that has begun. */
  readonly idleMs: number;
  /** For all attempts and waits together; undefined: the request's own deadline alone. */
  readonly totalMs: number | undefined;
  /** Further attempts on targets that have failed, after every one of them was tried. */
  readonly retries: number;
  readonly backoff: BackoffSettings;
  /** The longest wait for a target that asks to be left alone; one that asks for more is passed over. */
  readonly maxWaitMs: number;
  readonly hedge: HedgePolicy | undefined;
}

/** What holds where a route says nothing else, and for every model name without a route. */
export const DEFAULT_POLICY: AttemptPolicy = {
  firstTokenMs: 120_000,
  answerMs: 600_000,
  idleMs: 180_000,
  totalMs: undefined,
  retries: 2,
  backoff: { baseMs: 250, capMs: 4_000 },
  maxWaitMs: 10_000,
  hedge: undefined,
};

/** Retries on one provider, for each first attempt there. */
export const RETRY_RATIO = 0.2;
/** Second attempts beside a first one on one provider, for each first attempt there. */
export const HEDGE_RATIO = 0.05;
/** Retries, and hedges, that a provider is allowed in ten seconds however few requests there are. */
export const LEAST_RETRIES = 3;
export const LEAST_HEDGES = 1;
/** How long a target that limits requests is left alone when it does not say for how long. */
export const COOL_DOWN_MS = 1_000;
/** A target that asks for more is left alone this long all the same, and then asked again. */
export const MOST_COOL_DOWN_MS = 60_000;
