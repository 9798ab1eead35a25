import { type LimitSpec, limitSpecSchema } from "@slipway/contracts/spec/limit.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { LimitedCaller } from "./counter.ts";
import type { DeclaredLimits } from "./limits.ts";
import type { LimitedAct } from "./plan.ts";
import type { LimitServices } from "./local-limits.ts";
import type { Demand, Reservation } from "./reservation.ts";

/** A limit as a file declares it. */
export const limit = (spec: object): LimitSpec => limitSpecSchema.parse(spec);

/** A caller of tenant `t` with key `k` on route `m`. */
export const caller = (over: Partial<LimitedCaller> = {}): LimitedCaller => ({
  tenantId: "t",
  keyId: "k",
  agent: null,
  route: "m",
  ...over,
});

/** Limits by a clock of the test's own and a ledger that knows nothing. */
export function testServices(over: Partial<LimitServices> = {}): LimitServices & { clockMs: number } {
  const services = {
    clockMs: 0,
    clock: (): number => services.clockMs,
    now: (): number => Date.UTC(2026, 10, 21, 12) + services.clockMs,
    readSpent: () => Promise.resolve(0),
    onSpent: () => {},
    ...over,
  };
  return services;
}

/** Asks for what is within the limits; rejects with the refusal. */
export async function admit(
  limits: DeclaredLimits,
  demand: Partial<Demand> = {},
  who: LimitedCaller = caller(),
  act: LimitedAct = "call",
): Promise<Reservation> {
  const plan = limits.find(who, act);
  if (plan === null) throw new Error("no limit holds for this caller");
  return limits.reserve(plan, { tokens: 0, worst: 0, attempts: 1, ...demand });
}

/** The code of a refusal, or `ok`. What was let in stays so. */
export function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "ok",
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
  );
}

/** One call from its beginning to its end. */
export function spend(reservation: Reservation, nano: number | null, tokens = 0): void {
  reservation.begin();
  reservation.booked(nano === null ? null : nano * 1000, { ...NO_USAGE, output: tokens }, Date.now());
  reservation.settle();
}
