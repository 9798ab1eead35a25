import { retryDelay } from "#lib/backoff.ts";
import type { SinkFailure, SinkProgress } from "#store/audit-sinks.ts";
import type { Delivery } from "../sinks/sink.ts";

const BACKOFF = { baseMs: 1_000, capMs: 300_000 };
const LEAST_MS = 500;

/** A sink that is not reached for so long is taken to be gone (Standard Webhooks asks senders to give up after some days). */
const GIVE_UP_MS = 5 * 86_400_000;

/** What a try that did not succeed means for the next one: later and later up to five minutes, or not at all. */
export function afterFailure(
  delivery: Exclude<Delivery, { readonly kind: "delivered" }>,
  before: Pick<SinkProgress, "failures" | "failingSince">,
  options: { readonly now: number; readonly random: () => number; readonly givesUp: boolean },
): SinkFailure {
  const { now } = options;
  const failures = before.failures + 1;
  const failingSince = before.failingSince ?? new Date(now);
  const common = { failures, failingSince, reason: delivery.reason };
  if (delivery.kind === "gone") return { ...common, state: "disabled", nextTryAt: new Date(now) };
  if (options.givesUp && now - failingSince.getTime() >= GIVE_UP_MS) {
    const reason = `it has not taken records for five days: ${delivery.reason}`;
    return { ...common, state: "disabled", reason, nextTryAt: new Date(now) };
  }
  if (delivery.kind === "refused") {
    return { ...common, state: "refused", nextTryAt: new Date(now + BACKOFF.capMs) };
  }
  const wait = Math.max(LEAST_MS, retryDelay(failures, delivery.afterMs, BACKOFF, options.random));
  return { ...common, state: "failing", nextTryAt: new Date(now + wait) };
}
