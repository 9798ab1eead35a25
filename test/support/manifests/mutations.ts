type Values = Readonly<Record<string, unknown>>;

/** A breakage of an object, and what it is called. */
export interface Mutation {
  readonly what: string;
  readonly object: Values;
}

/** Maps whose keys are anybody's own: a misspelt one is as right as any. */
const FREE = new Set([
  "labels",
  "annotations",
  "data",
  "matchLabels",
  "selector",
  "limits",
  "requests",
  "metadata",
  "userLabels",
  "volumeAttributes",
]);

export interface Place {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

export function* places(
  value: unknown,
  path: readonly (string | number)[] = [],
  free: ReadonlySet<string> = FREE,
): Generator<Place> {
  yield { path, value };
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* places(item, [...path, index], free);
  else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) if (!free.has(key)) yield* places(inner, [...path, key], free);
}

/** A copy with another value at a path; undefined takes it away. */
export function withValue(value: unknown, [first, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === first ? withValue(item, rest, by) : item));
  const entries = Object.entries(value as Values).map(
    ([key, inner]) => [key, key === first ? withValue(inner, rest, by) : inner] as const,
  );
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

/** An object broken in several ways, each alone: what a person does by a slip of the hand. */
export function mutationsOf(object: Values): readonly Mutation[] {
  const all = [...places(object)].filter(({ path }) => path.length > 0);
  const maps = all.filter(({ value, path }) => isMap(value) && path.length > 0);
  const texts = all.filter(({ value, path }) => typeof value === "string" && path.length > 1);
  const lists = all.filter(({ value }) => Array.isArray(value));
  const numbers = all.filter(({ value }) => typeof value === "number");
  const booleans = all.filter(({ value }) => typeof value === "boolean");
  const found: Mutation[] = [];
  const add = (what: string, place: Place | undefined, by: (value: unknown) => unknown): void => {
    if (place !== undefined)
      found.push({
        what: `${what} at ${place.path.join(".")}`,
        object: withValue(object, place.path, by(place.value)) as Values,
      });
  };
  const misspelt = (value: unknown): unknown => {
    const [[key, inner] = ["", null], ...rest] = Object.entries(value as Values);
    return Object.fromEntries([[`${key}x`, inner], ...rest]);
  };
  found.push({ what: "a field too many at the top", object: { ...object, specs: {} } });
  const { kind } = object;
  if (typeof kind === "string") {
    found.push({ what: "the kind misspelt", object: { ...object, kind: `${kind}x` } });
    found.push({ what: "a version that was never there", object: { ...object, apiVersion: "v9" } });
  }
  add("a field misspelt", maps[0], misspelt);
  add("a field misspelt deep down", maps.at(-1), misspelt);
  add("a list where a map belongs", maps[0], () => []);
  add("a map where a text belongs", texts[0], () => ({ of: "no use" }));
  add("a number where a text belongs", texts.at(-1), () => 7);
  add("a text where a list belongs", lists[0], () => "one");
  add("a text where a number belongs", numbers[0], () => "many things");
  add("a text where yes or no belongs", booleans[0], () => "maybe");
  return found;
}
