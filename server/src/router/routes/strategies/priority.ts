import type { Strategy } from "../route.ts";
import { cheapest } from "./weighted.ts";

/** The lowest priority that is open; by weight among equals. */
export const priority: Strategy = {
  pick: (targets, open, { random }) => cheapest(targets, open, random, (target) => target.priority),
};
