import { hashOf } from "./hash.ts";
import type { Plan, PlanBinding } from "./plan.ts";

/**
 * Why a plan does not hold any more, a sentence each; nothing when it holds. `now` is what a plan made now would be bound to.
 * Whoever applies a plan asks this first, with a world observed just before.
 */
export function staleReasons(plan: Plan, now: PlanBinding): readonly string[] {
  const { hash, ...body } = plan;
  const { bound } = plan;
  return [
    ...(hashOf(body) === hash ? [] : ["The plan file was changed after it was written."]),
    ...(bound.spec === now.spec ? [] : ["slipway.yaml was changed."]),
    ...between(bound.digests, now.digests).map(
      ([name, was, is]) => `The image ${name} is ${said(is)}, planned was ${said(was)}.`,
    ),
    ...(bound.rendered === now.rendered ? [] : ["What is rendered is not what was planned."]),
    ...between(bound.observed, now.observed).map(([id, was, is]) => {
      if (is === undefined) return `${id} is not there any more.`;
      return was === undefined ? `${id} was not there.` : `${id} is at version ${is}, planned at ${was}.`;
    }),
  ];
}

function said(digest: string | null | undefined): string {
  return digest ?? "without a digest";
}

type Difference<Value> = readonly [key: string, was: Value | undefined, is: Value | undefined];

function between<Value>(
  was: Readonly<Record<string, Value>>,
  is: Readonly<Record<string, Value>>,
): readonly Difference<Value>[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .sort()
    .map((key) => [key, was[key], is[key]] as const)
    .filter(([, before, after]) => before !== after);
}
