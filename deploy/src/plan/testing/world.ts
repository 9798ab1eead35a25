import { costChange } from "#cost/change.ts";
import { priceSource } from "#cost/prices/all.ts";
import { renderSystem, type Rendered } from "#render/render.ts";
import { isMap } from "#spec/merge.ts";
import { loadTarget } from "../../targets/registry.ts";
import type { ObservedResource } from "../../targets/target.ts";
import { exampleText } from "../../testing/examples.ts";
import { desiredOf } from "../desired.ts";
import { makePlan, type Plan } from "../plan.ts";

/** A rendered example and its spec's text. */
export interface Scene extends Rendered {
  readonly text: string;
}

/** An example as it is rendered, or as a changed text of it is. */
export async function scene(
  system = "atp",
  environment = "production",
  change: (text: string) => string = (text) => text,
): Promise<Scene> {
  const text = change(await exampleText(system));
  return { text, ...(await renderSystem({ text, file: "slipway.yaml", environment }, loadTarget)) };
}

/** The world in which exactly what is rendered is there. */
export function worldOf({ target, files }: Scene): readonly ObservedResource[] {
  return desiredOf(target, files).map(({ id, fields }, index) => ({ id, fields, version: String(1000 + index) }));
}

/** The plan from a world to a scene. */
export function planFor({ text, spec, target, files }: Scene, observed: readonly ObservedResource[]): Plan {
  const pricing = { prices: priceSource() };
  return makePlan({
    text,
    spec,
    target,
    files,
    observed,
    cost: (desired, there, changes) =>
      costChange({ spec, target, desired, observed: there, changes, requestsPerDay: 100_000, pricing }),
  });
}

/** A copy of a value with what `change` makes of every scalar in it. */
export function mapScalars(value: unknown, change: (value: unknown, path: string) => unknown, path = ""): unknown {
  if (Array.isArray(value)) return value.map((item, index) => mapScalars(item, change, `${path}[${index}]`));
  if (!isMap(value)) return change(value, path);
  const entries = Object.entries(value).map(
    ([name, inner]) => [name, mapScalars(inner, change, `${path}.${name}`)] as const,
  );
  return Object.fromEntries(entries);
}

/** A world with one resource changed. */
export function withFields(
  world: readonly ObservedResource[],
  id: string,
  change: (fields: Readonly<Record<string, unknown>>) => unknown,
): readonly ObservedResource[] {
  return world.map((one) =>
    one.id === id ? { ...one, fields: change(one.fields) as ObservedResource["fields"] } : one,
  );
}
