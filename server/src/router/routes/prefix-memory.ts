import { BoundedMap } from "#lib/bounded-map.ts";
import type { TargetState } from "../attempts/target-state.ts";

interface Holder {
  readonly state: TargetState;
  readonly until: number;
}

/** Prompts that are remembered, and targets for each: about 200 bytes apiece. */
const MOST_PREFIXES = 50_000;
const MOST_HOLDERS = 4;

/** Which targets should have which beginnings of prompts in their caches. Bounded, and forgets as the caches do. */
export class PrefixMemory {
  readonly #holders = new BoundedMap<string, readonly Holder[]>(MOST_PREFIXES);

  /** Targets that were asked with this beginning and should still have it, the latest first. */
  *holders(prefix: string, now: number): Iterable<TargetState> {
    for (const { state, until } of this.#holders.get(prefix) ?? []) if (now < until) yield state;
  }

  remember(prefix: string, state: TargetState, now: number, ttlMs: number): void {
    const others = (this.#holders.get(prefix) ?? []).filter((holder) => holder.state !== state && now < holder.until);
    this.#holders.set(prefix, [{ state, until: now + ttlMs }, ...others.slice(0, MOST_HOLDERS - 1)]);
  }
}
