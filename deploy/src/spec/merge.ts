import type { YamlPath } from "@slipway/contracts/spec/read-yaml.ts";

type Values = Readonly<Record<string, unknown>>;

/** Whether a value of YAML is a map. */
export function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `over` laid over `base`: maps are merged, anything else replaces, null takes away. */
export function mergeYaml(base: unknown, over: unknown): unknown {
  if (!isMap(base) || !isMap(over)) return over;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merged.has(key) ? mergeYaml(merged.get(key), value) : withoutNulls(value));
  }
  return Object.fromEntries(merged);
}

function withoutNulls(value: unknown): unknown {
  return isMap(value) ? mergeYaml({}, value) : value;
}

/** The value at a path, undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: YamlPath): unknown {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at)) at = at[Number(step)] as unknown;
    else at = isMap(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}
