import type { Strategy, TargetPrice } from "../route.ts";
import { cheapest } from "./weighted.ts";

/** Requests read about three times as many tokens as they write; list prices are compared at this mix. */
const INPUT_SHARE = 3;

function blended({ input, output }: TargetPrice): number {
  return INPUT_SHARE * input + output;
}

/** The cheapest open target; one whose price is unknown comes after all that are known. By weight among equals. */
export const price: Strategy = {
  pick: (targets, open, { random }) =>
    cheapest(targets, open, random, (target) => (target.price ? blended(target.price) : Number.MAX_VALUE)),
};
