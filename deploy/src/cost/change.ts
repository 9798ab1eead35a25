import type { Spec } from "#spec/spec.ts";
import type { DesiredResource, Target } from "../targets/target.ts";
import { type Pricing, sizedServices } from "./cost.ts";
import { type Amounts, type Total, total } from "./estimate.ts";
import { serviceLines } from "./platforms.ts";

/** What a plan changes about an environment's monthly cost: its services and what carries them, without stores and models. */
export interface CostChange {
  readonly requestsPerDay: number;
  /** Null: not known. */
  readonly before: Total | null;
  readonly after: Total | null;
  readonly change: Amounts | null;
  readonly unknown: readonly string[];
}

/** What is compared. */
export interface ChangeInput {
  readonly spec: Spec;
  readonly target: Target;
  readonly desired: readonly DesiredResource[];
  readonly observed: readonly DesiredResource[];
  /** Changes of the plan: with none, nothing about the cost changes. */
  readonly changes: number;
  readonly requestsPerDay: number;
  readonly pricing: Pick<Pricing, "prices">;
}

/** The cost of the services as they are there and as they are rendered. Unknown where a target cannot tell sizes, or a price is missing. */
export function costChange(input: ChangeInput): CostChange {
  const { spec, target, requestsPerDay, pricing, desired, observed, changes } = input;
  const sum = (resources: readonly DesiredResource[]): Total | null => {
    const sizes = target.sizes?.(resources);
    if (sizes === undefined) return null;
    if (sizes.length === 0) return { low: 0, expected: 0, high: 0, unknown: [] };
    const names = new Set(sizes.map(({ service }) => service));
    const services = sizedServices(spec, sizes).filter(({ name }) => names.has(name));
    return total(serviceLines(target.name, { spec, services, requestsPerDay, prices: pricing.prices }));
  };
  const after = sum(desired);
  const before = changes === 0 ? after : sum(observed);
  // What nobody knows on both sides is the same unknown on both; what only one side has is missing from the difference.
  const unknown = before && after ? differing(before.unknown, after.unknown) : ["sizes of services"];
  const known = before && after && (changes === 0 || unknown.length === 0);
  const change = known
    ? { low: after.low - before.low, expected: after.expected - before.expected, high: after.high - before.high }
    : null;
  return { requestsPerDay, before, after, change: changes === 0 ? { low: 0, expected: 0, high: 0 } : change, unknown };
}

function differing(before: readonly string[], after: readonly string[]): readonly string[] {
  return [...before.filter((name) => !after.includes(name)), ...after.filter((name) => !before.includes(name))].sort();
}
