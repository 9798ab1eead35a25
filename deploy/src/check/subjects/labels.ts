import type { Cursor } from "../sources/cursor.ts";

export type Labels = ReadonlyMap<string, string>;

/** A map of labels as it stands in a document. */
export function labelsOf(node: Cursor): Labels {
  return new Map(node.entries().map((each) => [each.key, each.text]));
}

/** Whether a label selector takes things with these labels. */
function selects(selector: Cursor, labels: Labels): boolean {
  const wanted = selector.get("matchLabels").entries();
  const expressions = selector.get("matchExpressions").items();
  return (
    wanted.every((each) => labels.get(each.key) === each.text) &&
    expressions.every((each) => {
      const value = labels.get(each.get("key").text);
      const values = each.get("values").texts();
      const operator = each.get("operator").text;
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      return (value !== undefined && values.includes(value)) === (operator === "In");
    })
  );
}

/** Selectors by one of the labels that they ask for, so that a thing is held against few of them. */
export class SelectorIndex {
  readonly #byLabel = new Map<string, Cursor[]>();
  /** Those that ask for no label by its value. */
  readonly #others: Cursor[] = [];

  constructor(selectors: Iterable<Cursor>) {
    for (const selector of selectors) {
      const [first] = selector.get("matchLabels").entries();
      if (first === undefined) this.#others.push(selector);
      else push(this.#byLabel, `${first.key}=${first.text}`, selector);
    }
  }

  anyFor(labels: Labels): boolean {
    const near = [...labels].flatMap(([key, value]) => this.#byLabel.get(`${key}=${value}`) ?? []);
    return near.some((each) => selects(each, labels)) || this.#others.some((each) => selects(each, labels));
  }
}

/** Things by their labels, so that a selector is held against few of them. */
export class LabelIndex<T> {
  readonly #byLabel = new Map<string, (readonly [Labels, T])[]>();
  readonly #all: (readonly [Labels, T])[] = [];

  constructor(things: Iterable<readonly [Labels, T]>) {
    for (const thing of things) {
      this.#all.push(thing);
      for (const [key, value] of thing[0]) push(this.#byLabel, `${key}=${value}`, thing);
    }
  }

  matching(selector: Cursor): readonly T[] {
    const [first] = selector.get("matchLabels").entries();
    const near = first === undefined ? this.#all : (this.#byLabel.get(`${first.key}=${first.text}`) ?? []);
    return near.filter(([labels]) => selects(selector, labels)).map(([, thing]) => thing);
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
