import type { RouteTarget, Strategy } from "../route.ts";

/** One of the open targets by chance, each as likely as its weight. */
export function byWeight(targets: readonly RouteTarget[], open: number, random: () => number): RouteTarget {
  let sum = 0;
  for (const [index, target] of targets.entries()) if ((open & (1 << index)) !== 0) sum += target.weight;
  let left = random() * sum;
  let last: RouteTarget | undefined;
  for (const [index, target] of targets.entries()) {
    if ((open & (1 << index)) === 0) continue;
    last = target;
    left -= target.weight;
    if (left < 0) return target;
  }
  if (!last) throw new Error("no target is open");
  return last;
}

/** The open targets for which `costOf` is least, by weight where several are. */
export function cheapest(
  targets: readonly RouteTarget[],
  open: number,
  random: () => number,
  costOf: (target: RouteTarget, index: number) => number,
): RouteTarget {
  let least = Number.POSITIVE_INFINITY;
  let best = 0;
  for (const [index, target] of targets.entries()) {
    const bit = 1 << index;
    if ((open & bit) === 0) continue;
    const cost = costOf(target, index);
    if (cost > least) continue;
    best = cost < least ? bit : best | bit;
    least = cost;
  }
  return byWeight(targets, best, random);
}

/** Shares requests out by weight. */
export const weighted: Strategy = { pick: (targets, open, { random }) => byWeight(targets, open, random) };
