import type { RouteTarget, Strategy } from "../route.ts";
import { byWeight } from "./weighted.ts";

/** What an answer's first word is expected to take there, with the work that is there already. */
function load({ state }: RouteTarget, now: number): number {
  return state.latency.at(now) * (state.inFlight + 1);
}

/**
 * The quicker of two open targets that chance names (power of two choices): nearly as good as the quickest of all, and not
 * everyone runs to the same one (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
 */
export const latency: Strategy = {
  pick(targets, open, { random, now }) {
    const one = byWeight(targets, open, random);
    const rest = open & ~(1 << targets.indexOf(one));
    if (rest === 0) return one;
    const other = byWeight(targets, rest, random);
    return load(other, now) < load(one, now) ? other : one;
  },
};
