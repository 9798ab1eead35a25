import type { SlipwayError } from "@slipway/contracts/errors.ts";
import { retryDelay } from "#lib/backoff.ts";
import type { Choice, Pool, Route, RouteTarget } from "../routes/route.ts";
import type { Verdict } from "./failure.ts";

/** Every bit that a pool may use. */
const ALL = 0x7fff_ffff;

/** What an attempt is made of: the target and its bit in its pool. */
export interface Chosen {
  readonly target: RouteTarget;
  readonly bit: number;
}

/**
 * Which targets of a route may be asked next, and when: its pool, each target once; then, after a pause, those again that may do
 * better; then each fallback. Knows nothing of calls.
 */
export class Recovery {
  readonly #route: Route;
  /** Providers that this request has asked before, by their bits: asking one again is a retry and needs its budget. */
  #asked: number;
  #stage = 0;
  /** Targets of the stage that have had their turn in this round. */
  #tried = 0;
  /** Targets of the stage that would fail again. */
  #out = 0;
  #retries = 0;
  /** What the client is told when nothing helps. */
  error: SlipwayError | undefined;
  #said: Verdict | undefined;

  constructor(route: Route, asked: number) {
    this.#route = route;
    this.#asked = asked;
  }

  /** An attempt of the present stage failed. */
  note(bit: number, error: SlipwayError, verdict: Verdict): void {
    // In a later round one failure is enough for another pause.
    this.#tried = this.#retries > 0 ? ALL : this.#tried | bit;
    if (!verdict.again) this.#out |= bit;
    // What one target cannot do is no news where another one failed.
    if (this.#said !== undefined && isInability(verdict) && !isInability(this.#said)) return;
    this.error = error;
    this.#said = verdict;
  }

  /** The target to ask now, or the milliseconds to wait before asking again, or undefined when nothing is left to be done. */
  next(choice: Choice, msLeft: number, onDenied: (target: RouteTarget) => void): Chosen | number | undefined {
    const { pools } = this.#route;
    for (; this.#stage < pools.length; this.#stage += 1) {
      const pool = pools[this.#stage];
      if (!pool) return undefined;
      const chosen = this.#choose(pool, choice, onDenied);
      if (chosen) return chosen;
      const wait = this.#pause(pool, choice, msLeft);
      if (wait !== undefined) return wait;
      this.#tried = 0;
      this.#out = 0;
    }
    return undefined;
  }

  /** A target of the present stage that has not been tried, to be asked beside the one that runs. */
  beside(choice: Choice, running: number): Chosen | undefined {
    const pool = this.#route.pools[this.#stage];
    if (!pool) return undefined;
    const open = this.#open(pool, choice.now) & ~running;
    return open === 0 ? undefined : pick(pool, open, choice);
  }

  /** Milliseconds until the first target of any stage may be asked again, and whether all of them just asked to be left alone. */
  outlook(now: number): { readonly inMs: number; readonly cooling: boolean } {
    let inMs = Number.POSITIVE_INFINITY;
    let cooling = true;
    for (const { targets } of this.#route.pools) {
      for (const { state } of targets) {
        inMs = Math.min(inMs, state.admitsIn(now));
        cooling &&= state.breaker.admits(now) && now < state.coolUntil;
      }
    }
    return { inMs: Number.isFinite(inMs) ? inMs : 0, cooling };
  }

  #open(pool: Pool, now: number): number {
    let open = 0;
    for (const [index, target] of pool.targets.entries()) {
      const bit = 1 << index;
      if ((this.#tried & bit) === 0 && admits(this.#route, target, now)) open |= bit;
    }
    return open;
  }

  #choose(pool: Pool, choice: Choice, onDenied: (target: RouteTarget) => void): Chosen | undefined {
    let open = this.#open(pool, choice.now);
    while (open !== 0) {
      const chosen = pick(pool, open, choice);
      const { provider } = chosen.target.state;
      if ((this.#asked & provider.bit) === 0) {
        this.#asked |= provider.bit;
        provider.retries.first(choice.now);
        return chosen;
      }
      if (provider.retries.take(choice.now)) return chosen;
      onDenied(chosen.target);
      this.#out |= chosen.bit;
      open &= ~chosen.bit;
    }
    return undefined;
  }

  #pause(pool: Pool, { now, random }: Choice, msLeft: number): number | undefined {
    const { policy, pools } = this.#route;
    if (this.#retries >= policy.retries) return undefined;
    let soonest = Number.POSITIVE_INFINITY;
    for (const [index, target] of pool.targets.entries()) {
      if ((this.#out & (1 << index)) !== 0) continue;
      // A broken target is not waited for: of all who would wait only one may probe it.
      if (target !== this.#route.only && !target.state.breaker.admits(now)) continue;
      // What the only target told others does not keep this request from it, as it did not at first.
      const wished = target !== this.#route.only || this.#said?.mark === "cool_down" ? target.state.coolUntil - now : 0;
      soonest = Math.min(soonest, Math.max(0, wished));
    }
    // Nobody waits for a target that limits requests while a fallback may answer at once.
    if (soonest > (this.#stage + 1 < pools.length ? 0 : policy.maxWaitMs)) return undefined;
    const wait = retryDelay(this.#retries + 1, soonest, policy.backoff, random);
    if (wait >= msLeft) return undefined;
    this.#retries += 1;
    this.#tried = this.#out;
    return wait;
  }
}

/** The target works, and would say the same again. */
function isInability({ mark, again }: Verdict): boolean {
  return mark === "nothing" && !again;
}

/** The only target of a route is asked as long as anything speaks for it: there is nobody else. */
export function admits(route: Route, target: RouteTarget, now: number): boolean {
  return target === route.only ? !target.state.breaker.dead(now) : target.state.admits(now);
}

/** One of the open targets. */
function pick(pool: Pool, open: number, choice: Choice): Chosen {
  const { targets, strategy } = pool;
  // One bit alone leaves nothing to choose.
  const target = (open & (open - 1)) === 0 ? targets[31 - Math.clz32(open)] : strategy.pick(targets, open, choice);
  if (!target) throw new Error("a strategy chose no target of its pool");
  return { target, bit: 1 << targets.indexOf(target) };
}
