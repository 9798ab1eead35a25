import { isMap, valueAt } from "#spec/merge.ts";
import type { Comparison, DesiredResource, ObservedResource } from "../targets/target.ts";

/** A field that differs. Both values are as they are: nothing here may be printed before it was redacted. */
export interface FieldDifference {
  /** `spec.template.spec.containers[web].image` */
  readonly path: string;
  /** Undefined: it is not there. */
  readonly before: unknown;
  /** Undefined: it is taken away. */
  readonly after: unknown;
}

const NAMES = ["name", "Name", "key", "Key", "id", "Id"] as const;

/** Lists of maps by the first of their names that tells all items apart, scalars as they are written. */
const PLAIN_COMPARISON: Comparison = {
  listKey: (_path, items) => NAMES.map((name) => [name]).find((key) => tellsApart(key, items)),
  same: (_path, desired, observed) => desired === observed,
};

/** Whether every item is a map that has all fields of the key, and no two have the same. */
function tellsApart(key: readonly string[], items: readonly unknown[]): boolean {
  const keys = items.map((item) => itemKey(key, item));
  return keys.length > 0 && !keys.includes(undefined) && new Set(keys).size === keys.length;
}

function itemKey(key: readonly string[], item: unknown): string | undefined {
  if (!isMap(item)) return undefined;
  const values = key.map((name) => valueAt(item, name.split(".")));
  return values.every((value) => typeof value === "string" || typeof value === "number") ? values.join(",") : undefined;
}

/**
 * Where a resource differs from what is rendered, sorted by path. Only what is rendered is looked at, so a platform's defaults
 * and the fields of others (an autoscaler's, a rollout's) are no differences; and what the platform says is ours and is rendered no more.
 */
export function differences(
  desired: DesiredResource,
  observed: ObservedResource,
  comparison: Comparison = PLAIN_COMPARISON,
): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  compareMaps("", desired.fields, observed.fields);
  const rendered = ownedPaths(desired.fields, comparison);
  for (const path of observed.owned ?? [])
    if (!covered(path, rendered)) found.push({ path, before: undefined, after: undefined });
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

  function compareMaps(
    path: string,
    from: Readonly<Record<string, unknown>>,
    to: Readonly<Record<string, unknown>>,
  ): void {
    for (const [name, value] of Object.entries(from)) compare(join(path, name), value, to[name]);
  }

  function compare(path: string, value: unknown, other: unknown): void {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) compareLists(path, value, other);
    else if (!isMap(value)) {
      if (!comparison.same(path, value, other)) found.push({ path, before: other, after: value });
    } else if (isMap(other)) compareMaps(path, value, other);
    else found.push({ path, before: other, after: value });
  }

  function compareLists(path: string, items: readonly unknown[], other: unknown): void {
    // Platforms leave empty lists out.
    const others: unknown = other ?? (items.length === 0 ? [] : undefined);
    if (!Array.isArray(others)) {
      found.push({ path, before: other, after: items });
      return;
    }
    const key = comparison.listKey(path, items);
    if (key !== undefined && (others.length === 0 || tellsApart(key, others))) {
      const byKey = new Map(others.map((item) => [itemKey(key, item), item as unknown]));
      for (const item of items) {
        const name = itemKey(key, item) ?? "";
        compare(`${path}[${name}]`, item, byKey.get(name));
      }
    } else if (items.length !== others.length) found.push({ path, before: other, after: items });
    else for (const [index, item] of items.entries()) compare(`${path}[${index}]`, item, others[index]);
  }
}

function join(path: string, name: string): string {
  const step = /^[\w-]+$/.test(name) ? name : `"${name}"`;
  return path === "" ? step : `${path}.${step}`;
}

/** The paths of all leaves that are rendered. */
function ownedPaths(fields: Readonly<Record<string, unknown>>, comparison: Comparison): readonly string[] {
  const paths: string[] = [];
  const walk = (path: string, value: unknown): void => {
    if (isMap(value) && Object.keys(value).length > 0)
      for (const [name, inner] of Object.entries(value)) walk(join(path, name), inner);
    else if (Array.isArray(value) && value.length > 0) {
      const key = comparison.listKey(path, value);
      for (const [index, item] of value.entries())
        walk(`${path}[${key === undefined ? index : (itemKey(key, item) ?? index)}]`, item);
    } else paths.push(path);
  };
  walk("", fields);
  return paths;
}

/** Whether a path that the platform calls ours is rendered: itself, something below it, or something above it as one value. */
function covered(path: string, rendered: readonly string[]): boolean {
  const below = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return rendered.some((one) => below(one, path) || below(path, one));
}
