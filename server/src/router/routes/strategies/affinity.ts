import type { TargetState } from "../../attempts/target-state.ts";
import type { PrefixMemory } from "../prefix-memory.ts";
import { type Prefixes, prefixesOf } from "../prefixes.ts";
import type { Choice, RouteTarget, Strategy } from "../route.ts";
import { cheapest } from "./weighted.ts";

/** A system prompt that no provider would keep in a cache is no reason to send everybody to one target. */
const LEAST_SHARED_TOKENS = 1024;
/** A target with this many more attempts than twice the mean is left out, whatever it holds. */
const OVERLOAD_SLACK = 4;
/** What a cached token costs beside another where prices are not known: a tenth, as most vendors have it. */
const UNKNOWN_PRICE = { input: 1, cachedInput: 0.1 };

// A request is looked at when its target is chosen and again when that target answers.
const known = new WeakMap<object, Prefixes>();

function prefixesIn({ request, tenantId }: Choice): Prefixes {
  let prefixes = known.get(request);
  if (!prefixes) {
    prefixes = prefixesOf(request, tenantId);
    known.set(request, prefixes);
  }
  return prefixes;
}

/** Tokens of this request's prompt that each target should have in its cache. */
function cachedTokens(prefixes: Prefixes, memory: PrefixMemory, now: number): ReadonlyMap<TargetState, number> {
  const found = new Map<TargetState, number>();
  for (let at = prefixes.length - 1; at >= 0; at -= 1) {
    const prefix = prefixes[at];
    if (!prefix || (prefix.shared && prefix.tokens < LEAST_SHARED_TOKENS)) continue;
    for (const state of memory.holders(prefix.hash, now)) if (!found.has(state)) found.set(state, prefix.tokens);
  }
  return found;
}

function withoutOverloaded(targets: readonly RouteTarget[], open: number): number {
  let sum = 0;
  let count = 0;
  for (const [index, { state }] of targets.entries()) {
    if ((open & (1 << index)) === 0) continue;
    sum += state.inFlight;
    count += 1;
  }
  const most = (2 * sum) / count + OVERLOAD_SLACK;
  let left = open;
  for (const [index, { state }] of targets.entries()) if (state.inFlight > most) left &= ~(1 << index);
  return left === 0 ? open : left;
}

/**
 * The target where the prompt is expected to cost least: what it has in its cache is priced as cached. So a conversation goes back
 * to where it was, until that target is broken or has far more to do than the others.
 */
export function affinity(memory: PrefixMemory, ttlMs: number): Strategy {
  return {
    pick(targets, open, choice) {
      const { now, random } = choice;
      const prefixes = prefixesIn(choice);
      const total = prefixes.at(-1)?.tokens ?? 0;
      const cached = cachedTokens(prefixes, memory, now);
      const usable = withoutOverloaded(targets, open);
      const priced = targets.every(({ price }) => price !== undefined);
      return cheapest(targets, usable, random, ({ state, price }) => {
        const { input, cachedInput } = (priced ? price : undefined) ?? UNKNOWN_PRICE;
        const read = cached.get(state) ?? 0;
        return (total - read) * input + read * cachedInput;
      });
    },
    answered({ state }, choice) {
      const prefixes = prefixesIn(choice);
      const whole = prefixes.at(-1);
      if (whole) memory.remember(whole.hash, state, choice.now, ttlMs);
      const [shared] = prefixes;
      if (shared && shared !== whole && shared.tokens >= LEAST_SHARED_TOKENS)
        memory.remember(shared.hash, state, choice.now, ttlMs);
    },
  };
}
