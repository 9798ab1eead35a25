import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { RouteTarget } from "../routes/route.ts";
import type { Verdict } from "./failure.ts";
import { COOL_DOWN_MS, MOST_COOL_DOWN_MS } from "./policy.ts";

/** An attempt ended well. */
export function settleOk(target: RouteTarget, now: number): void {
  const { state, counts } = target;
  state.inFlight -= 1;
  counts.ok += 1;
  state.breaker.succeeded(now);
}

/** An attempt ended without telling anything of its target: the client left, or another attempt was first. */
export function settleUntold(target: RouteTarget, probe: boolean, outcome: "aborted" | "superseded"): void {
  const { state, counts } = target;
  state.inFlight -= 1;
  counts[outcome] += 1;
  if (probe) state.breaker.release();
}

/** An attempt failed. A wish to be left alone is kept and is no failure: the target works, it has enough to do. */
export function settleFailed(
  target: RouteTarget,
  probe: boolean,
  verdict: Verdict,
  error: SlipwayError,
  now: number,
): void {
  const { state, counts } = target;
  state.inFlight -= 1;
  counts[verdict.outcome] += 1;
  if (verdict.mark !== "nothing") state.lastFailure = error;
  if (verdict.mark === "failure") state.breaker.failed(now, probe);
  else if (probe) state.breaker.release();
  if (verdict.mark === "cool_down") {
    // What the target said last is what holds; when it does not say, an older wish may still stand.
    state.coolUntil =
      error.retryAfter === undefined
        ? Math.max(state.coolUntil, now + COOL_DOWN_MS)
        : now + Math.min(error.retryAfter * 1000, MOST_COOL_DOWN_MS);
  }
}
