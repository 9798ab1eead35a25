import { isMap, isScalar, isSeq, type Alias, type Node, type Pair, type Scalar } from "yaml";
import type { Edit, Place } from "../finding.ts";
import type { Lines } from "./lines.ts";

/** How far `<<` may lead through other maps: a merge may name itself. */
const MERGES = 8;

/** What the cursors of one document share. */
export interface Origin {
  readonly file: string;
  readonly lines: Lines;
  /** What each alias stands for, found in one walk: yaml's own `resolve` walks the document for every alias. */
  readonly aliases: ReadonlyMap<Alias, Node>;
}

/** A place in a YAML or JSON document that may be empty: asking further is always allowed, and leads to another empty place. */
export class Cursor implements Place {
  readonly #origin: Origin;
  readonly #node: Node | undefined;
  readonly #offset: number;
  readonly key: string;

  constructor(origin: Origin, node: Node | null | undefined, offset: number, key = "") {
    this.#origin = origin;
    this.#node = resolved(origin, node);
    this.#offset = offset;
    this.key = key;
  }

  get file(): string {
    return this.#origin.file;
  }

  /** The line of the key that leads here; of the nearest thing around it when there is nothing here. */
  get line(): number {
    return this.#origin.lines.at(this.#offset);
  }

  /** The line where the value itself begins. */
  get valueLine(): number {
    const range = this.#node?.range;
    return range == null ? this.line : this.#origin.lines.at(range[0]);
  }

  get exists(): boolean {
    return this.#node !== undefined && !(isScalar(this.#node) && this.#node.value === null);
  }

  get isMap(): boolean {
    return isMap(this.#node);
  }

  get isList(): boolean {
    return isSeq(this.#node);
  }

  get scalar(): Scalar | undefined {
    return isScalar(this.#node) ? this.#node : undefined;
  }

  /** The node's YAML tag as written, for example `!Ref`. */
  get tag(): string | undefined {
    return this.#node?.tag;
  }

  /** A scalar as text, "" when there is none. */
  get text(): string {
    const value = this.scalar?.value;
    if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return `${value}`;
    return typeof value === "string" ? value : "";
  }

  /** A whole or broken number, also one in quotes; NaN when it is none. */
  get number(): number {
    const text = this.text.trim();
    return text === "" ? Number.NaN : Number(text);
  }

  get isTrue(): boolean {
    return this.text === "true";
  }

  get isFalse(): boolean {
    return this.text === "false";
  }

  get(...path: readonly string[]): Cursor {
    const [first, ...rest] = path;
    return first === undefined ? this : this.#child(first, MERGES).get(...rest);
  }

  has(key: string): boolean {
    return this.get(key).exists;
  }

  /** The items of a list; a scalar or map stands for a list of one, as in most formats. */
  items(): readonly Cursor[] {
    if (isSeq(this.#node)) {
      return this.#node.items.map((item) => new Cursor(this.#origin, item as Node, startOf(item, this.#offset)));
    }
    return this.exists ? [this] : [];
  }

  /** The members of a map, what it merges in after its own. */
  entries(): readonly Cursor[] {
    const seen = new Set<string>();
    const found: Cursor[] = [];
    this.#collect(found, seen, MERGES);
    return found;
  }

  /** The texts of a list's scalars, or of a single one. */
  texts(): readonly string[] {
    return this.items().map((item) => item.text);
  }

  /** Replaces the value, quotes included. */
  replaceBy(text: string): Edit | undefined {
    const range = this.#node?.range;
    return range == null ? undefined : { start: range[0], end: range[1], text };
  }

  /** Takes the whole lines of this member away, from its key to its value's end. */
  remove(): Edit | undefined {
    const range = this.#node?.range;
    if (range == null) return undefined;
    const first = this.#origin.lines.span(this.line);
    const last = this.#origin.lines.span(this.#origin.lines.at(Math.max(range[0], range[1] - 1)));
    // More than this member stands on the line (`{a: 1, b: 2}`, `- a: 1`): taking the line would take that too.
    if (this.#origin.lines.text.slice(first.start, this.#offset).trim() !== "") return undefined;
    return { start: first.start, end: last.end, text: "" };
  }

  /** Every scalar below, in order. What an alias stands for is visited where it is written, so a bomb of aliases is a short walk. */
  *scalars(): Generator<Cursor> {
    const stack: Cursor[] = [this];
    for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
      const node = here.#node;
      if (isScalar(node)) yield here;
      else if (isSeq(node)) {
        for (const item of node.items.toReversed()) {
          if (!isAliasNode(item))
            stack.push(new Cursor(this.#origin, item as Node, startOf(item, here.#offset), here.key));
        }
      } else if (isMap(node)) {
        for (const pair of node.items.toReversed()) {
          if (!isAliasNode(pair.value)) stack.push(here.#member(pair as Pair<Node, Node>));
        }
      }
    }
  }

  #member(pair: Pair<Node, Node | null>): Cursor {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    return new Cursor(this.#origin, pair.value, startOf(pair.key, this.#offset), key);
  }

  #child(key: string, merges: number): Cursor {
    const node = this.#node;
    if (isMap(node)) {
      for (const pair of node.items) {
        if (isScalar(pair.key) && String(pair.key.value) === key) return this.#member(pair as Pair<Node, Node>);
      }
      for (const merged of merges > 0 ? this.#merged() : []) {
        const child = merged.#child(key, merges - 1);
        if (child.#node !== undefined) return child;
      }
    }
    return new Cursor(this.#origin, undefined, this.#offset, key);
  }

  #merged(): readonly Cursor[] {
    if (!isMap(this.#node)) return [];
    const pair = this.#node.items.find((each) => isScalar(each.key) && each.key.value === "<<");
    return pair === undefined ? [] : this.#member(pair as Pair<Node, Node>).items();
  }

  #collect(found: Cursor[], seen: Set<string>, merges: number): void {
    if (!isMap(this.#node)) return;
    for (const pair of this.#node.items) {
      const member = this.#member(pair as Pair<Node, Node>);
      if (member.key === "<<" || seen.has(member.key)) continue;
      seen.add(member.key);
      found.push(member);
    }
    if (merges > 0) for (const merged of this.#merged()) merged.#collect(found, seen, merges - 1);
  }
}

function isAliasNode(node: unknown): boolean {
  return typeof node === "object" && node !== null && "source" in node && !("items" in node) && !isScalar(node);
}

function resolved(origin: Origin, node: Node | null | undefined): Node | undefined {
  return origin.aliases.get(node as Alias) ?? (isAliasNode(node) ? undefined : (node ?? undefined));
}

function startOf(node: unknown, otherwise: number): number {
  const range = (node as Node | null | undefined)?.range;
  return range == null ? otherwise : range[0];
}
