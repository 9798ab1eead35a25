import { Alias, isAlias, isMap, isScalar, isSeq, type Node, Scalar } from "yaml";
import { emptyList, emptyMap, pairOf, scalarOf } from "./yaml-nodes.ts";

/*
 * Reads the YAML that most files are made of (block maps and lists, words, quotes, `|` texts, `{}` and `[]` on a line, JSON that
 * is indented, comments on lines of their own or behind a value) into the library's own nodes, with the places that the library
 * gives them, in a fraction of its time. Anything else, and every fault, is left to the library.
 */

const KEY = /(?:"(?:[ !#-[\]-~]|\\["\\])*"|[A-Za-z_$/](?:[\w./$@+{}-]|:(?=[\w:]))*):(?=[ \n])/y;
/** The same between braces, where braces mean something. */
const FLOW_KEY = /(?:"(?:[ !#-[\]-~]|\\["\\])*"|[A-Za-z_$/](?:[\w./$@+-]|:(?=\w))*):(?=[ \n])/y;
const QUOTED = /"(?:[ !#-[\]-~\u00a1-\u1fff\u2030-\ud7ff]|\\["\\/bfnrt])*"/y;
const FLOW_WORD = /(?:[\w$/]|-(?=\d))(?:[\w./$@+-]|:(?=[\w/]))*(?=[ \n,\]}])/y;
const ALIAS = /\*([\w-]+)(?=[ \n,\]}])/y;
const ANCHOR = /^&([\w-]+)$/;
/** What may follow a value on its line. */
const REST = /(?: +#[^\n]*)?(?=\n)/y;
/** What begins or holds something else than a word. */
const NO_WORD = /^[ ,[\]{}#&*!|>'"%@`]|^[?:-](?: |$)|: | #|[ :]$|[^ -~\u00a1-\u1fff\u2030-\ud7ff]/;
const WHOLE = /^-?(?:0|[1-9]\d{0,14})$/;
const BROKEN = /^-?\d{1,8}\.\d{0,7}[1-9]$/;
/** What the core schema makes something of; only the forms above are made here. */
const OTHER_TYPE =
  /^(?:~?|null|Null|NULL|true|True|TRUE|false|False|FALSE|0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/;
/** Deeper texts are left to the library. */
const DEEPEST = 60;
/** So are longer keys, which it refuses. */
const LONGEST_KEY = 1000;
/** And texts with more aliases, or with aliases of aliases: it knows which of them are an attack. */
const MOST_ALIASES = 100;

/** What a text holds: the contents of its documents, and what each alias stands for. */
export interface SimpleYaml {
  readonly contents: readonly Node[];
  readonly aliases: ReadonlyMap<Alias, Node>;
}

/** Thrown and caught in this file only: the text holds something that the library has to read. */
class Unusual extends Error {}

/** A text without the library; undefined when the library has to read it. Pure. */
export function readSimpleYaml(text: string): SimpleYaml | undefined {
  try {
    return new Reader(text).documents();
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

/** A node as the value that it stands for, as the library's `toJS` makes it. */
export function simpleValue(node: Node | undefined, aliases: SimpleYaml["aliases"]): unknown {
  const anchored = new Map<Node, unknown>();
  const valueOf = (at: unknown): unknown => {
    if (isScalar(at)) return at.value;
    if (isSeq(at)) return at.items.map(valueOf);
    if (isMap(at)) return Object.fromEntries(at.items.map(({ key, value }) => [String(valueOf(key)), valueOf(value)]));
    const target = isAlias(at) ? aliases.get(at) : undefined;
    if (target === undefined) return undefined;
    if (!anchored.has(target)) anchored.set(target, valueOf(target));
    return anchored.get(target);
  };
  return valueOf(node);
}

class Reader {
  readonly #text: string;
  /** Where the line begins and ends, and how far it is indented: −1 behind the last line. */
  #line = 0;
  #end = 0;
  #indent = -1;
  /** Where the line before it ended that held something: lines without anything and comments belong to nothing. */
  #behind = 0;
  /** Whether there were comments between the two. */
  #noted = false;
  /** In a `{}` or `[]`: where it is read, and whether it may go on on the next line. */
  #at = 0;
  #long = false;
  readonly #anchors = new Map<string, Node>();
  readonly #aliases = new Map<Alias, Node>();

  constructor(text: string) {
    if (text.includes("\r")) throw new Unusual();
    this.#text = text;
    this.#goTo(0);
  }

  documents(): SimpleYaml {
    if (this.#isMark()) this.#goTo(this.#end + 1);
    const contents: Node[] = [];
    for (;;) {
      if (this.#indent !== 0) throw new Unusual();
      const first = this.#text[this.#line];
      contents.push(first === "{" || first === "[" ? this.#flowAt(this.#line, true) : this.#block(0, 0));
      if (this.#line >= this.#text.length) return { contents, aliases: this.#aliases };
      if (!this.#isMark()) throw new Unusual();
      this.#anchors.clear();
      this.#goTo(this.#end + 1);
    }
  }

  #isMark(): boolean {
    return this.#end === this.#line + 3 && this.#text.startsWith("---", this.#line);
  }

  /** Goes to the line that begins there, or the next one that holds something. */
  #goTo(line: number): void {
    this.#behind = line;
    let comment = -1;
    for (let start = line; ; start = this.#end + 1) {
      this.#line = start;
      this.#indent = -1;
      this.#noted = comment >= 0;
      // A comment belongs to what stands around it in as many ways as it can be indented.
      if (start >= this.#text.length && comment <= 0) return;
      this.#end = this.#text.indexOf("\n", start);
      let at = start;
      while (this.#text[at] === " ") at += 1;
      // A text without a last line feed ends in another way.
      if (this.#end < at || (this.#end === at && at > start)) throw new Unusual();
      if (this.#end === at) continue;
      if (comment >= 0 && comment !== at - start) throw new Unusual();
      if (this.#text[at] !== "#") {
        this.#indent = at - start;
        return;
      }
      comment = at - start;
    }
  }

  /** Whether the line begins with `- ` there. */
  #isItem(at: number): boolean {
    return this.#text[at] === "-" && this.#text[at + 1] === " ";
  }

  #block(indent: number, depth: number): Node {
    const start = this.#line + indent;
    return this.#isItem(start) ? this.#list(start, indent, depth) : this.#map(start, indent, depth);
  }

  #map(start: number, indent: number, depth: number): Node {
    if (depth > DEEPEST) throw new Unusual();
    const map = emptyMap();
    const seen = new Set<string>();
    for (let at = start; ; at = this.#line + indent) {
      const key = this.#key(at, KEY, seen);
      if (key === undefined) throw new Unusual();
      map.items.push(pairOf(key, this.#member(key.range?.[1] ?? at, indent, depth)));
      if (this.#indent > indent) throw new Unusual();
      if (this.#indent < indent || this.#text[this.#line + indent] === "-") break;
    }
    return ranged(map, start, this.#behind, this.#behind);
  }

  /** What follows the colon at `colon`. */
  #member(colon: number, indent: number, depth: number): Node {
    const [, anchor] = ANCHOR.exec(this.#text.slice(colon + 2, this.#end)) ?? [];
    if (colon + 1 !== this.#end && anchor === undefined) return this.#inline(colon + 2, indent);
    this.#goTo(this.#end + 1);
    if (this.#indent > indent) return this.#anchored(anchor, () => this.#block(this.#indent, depth + 1));
    if (anchor === undefined && this.#indent === indent && this.#isItem(this.#line + indent))
      return this.#block(indent, depth + 1);
    throw new Unusual();
  }

  #anchored(anchor: string | undefined, read: () => Node): Node {
    const before = this.#aliases.size;
    const node = read();
    if (anchor === undefined) return node;
    if (this.#aliases.size > before) throw new Unusual();
    if (isMap(node) || isSeq(node)) node.anchor = anchor;
    this.#anchors.set(anchor, node);
    return node;
  }

  #list(start: number, indent: number, depth: number): Node {
    if (depth > DEEPEST) throw new Unusual();
    const list = emptyList();
    for (let at = start; ; at = this.#line + indent) {
      const inner = at + 2;
      if (this.#isItem(inner)) list.items.push(this.#list(inner, indent + 2, depth + 1));
      else if (this.#key(inner, KEY) !== undefined) list.items.push(this.#map(inner, indent + 2, depth + 1));
      else list.items.push(this.#inline(inner, indent));
      if (this.#indent > indent) throw new Unusual();
      if (this.#indent < indent || !this.#isItem(this.#line + indent)) break;
    }
    // A comment before the key that follows a list of its own depth is the list's.
    if (this.#noted && this.#indent === indent && indent > 0) throw new Unusual();
    return ranged(list, start, this.#behind, this.#behind);
  }

  /** The key at a place, if there is one; not a second time where `seen` are the map's others. */
  #key(at: number, pattern: RegExp, seen?: Set<string>): Scalar | undefined {
    const found = matchAt(pattern, this.#text, at);
    if (found === undefined) return undefined;
    const written = found.slice(0, -1);
    const end = at + written.length;
    const isQuoted = written.startsWith('"');
    const value = isQuoted ? String(JSON.parse(written)) : written;
    if (found.length > LONGEST_KEY || (!isQuoted && OTHER_TYPE.test(written)) || value === "__proto__")
      throw new Unusual();
    if (seen?.has(value) === true) throw new Unusual();
    seen?.add(value);
    return scalarOf(value, isQuoted ? Scalar.QUOTE_DOUBLE : Scalar.PLAIN, [at, end, end]);
  }

  /** A value that begins on this line; goes to the line behind it. */
  #inline(at: number, indent: number): Node {
    const first = this.#text[at];
    if (first === "|") return this.#literal(at, indent);
    if (first === "{" || first === "[" || first === "*") return this.#flowAt(at, false);
    if (first === '"') {
      const written = matchAt(QUOTED, this.#text, at);
      if (written === undefined) throw new Unusual();
      const end = at + written.length;
      return scalarOf(JSON.parse(written), Scalar.QUOTE_DOUBLE, [at, end, this.#endLine(end)]);
    }
    const line = this.#text.slice(at, this.#end);
    const comment = line.indexOf(" #");
    const written = comment === -1 ? line : line.slice(0, comment).trimEnd();
    const end = at + written.length;
    return scalarOf(wordOf(written), Scalar.PLAIN, [at, end, this.#endLine(end)], written);
  }

  /** Goes to the line behind the one that ends here, but for a comment; gives where it begins. */
  #endLine(at: number): number {
    const rest = matchAt(REST, this.#text, at);
    if (rest === undefined) throw new Unusual();
    const next = at + rest.length + 1;
    // An empty line behind such a comment is the value's.
    if (rest !== "" && this.#text[next] === "\n") throw new Unusual();
    this.#goTo(next);
    return next;
  }

  /** A `{}`, `[]` or alias that ends its line; one that is `long` may take more than one. */
  #flowAt(at: number, long: boolean): Node {
    this.#at = at;
    this.#long = long;
    const node = this.#flow(0);
    const end = node.range?.[1] ?? at;
    return ranged(node, at, end, this.#endLine(end));
  }

  #skip(): void {
    while (this.#text[this.#at] === " " || (this.#long && this.#text[this.#at] === "\n")) this.#at += 1;
  }

  #flow(depth: number): Node {
    if (depth > DEEPEST) throw new Unusual();
    const at = this.#at;
    const first = this.#text[at];
    let node: Node;
    if (first === "{" || first === "[") node = this.#flowItems(first === "{" ? "}" : "]", depth);
    else {
      const pattern = first === '"' ? QUOTED : first === "*" ? ALIAS : FLOW_WORD;
      const written = matchAt(pattern, this.#text, at);
      if (written === undefined) throw new Unusual();
      this.#at += written.length;
      if (first === "*") node = this.#alias(written.slice(1));
      else if (first === '"') node = scalarOf(JSON.parse(written), Scalar.QUOTE_DOUBLE, [at, at, at]);
      else node = scalarOf(wordOf(written), Scalar.PLAIN, [at, at, at], written);
    }
    const end = this.#at;
    this.#skip();
    return ranged(node, at, end, this.#at);
  }

  #flowItems(close: "}" | "]", depth: number): Node {
    const items = close === "}" ? emptyMap() : emptyList();
    items.flow = true;
    const seen = new Set<string>();
    this.#at += 1;
    this.#skip();
    while (this.#text[this.#at] !== close) {
      if (isMap(items)) {
        const key = this.#key(this.#at, FLOW_KEY, seen);
        if (key === undefined) throw new Unusual();
        this.#at = (key.range?.[1] ?? this.#at) + 1;
        this.#skip();
        const value = this.#flow(depth + 1);
        // An item takes all blanks behind it, the value of a key those of its own line.
        if (value.range) value.range[2] = Math.min(value.range[2], this.#text.indexOf("\n", value.range[1]) + 1);
        items.items.push(pairOf(key, value));
      } else items.items.push(this.#flow(depth + 1));
      if (this.#text[this.#at] === close) break;
      if (this.#text[this.#at] !== ",") throw new Unusual();
      this.#at += 1;
      this.#skip();
      if (this.#text[this.#at] === close) throw new Unusual();
    }
    this.#at += 1;
    return items;
  }

  #alias(name: string): Alias {
    const target = this.#anchors.get(name);
    if (target === undefined || this.#aliases.size >= MOST_ALIASES) throw new Unusual();
    const alias = new Alias(name);
    this.#aliases.set(alias, target);
    return alias;
  }

  /** The lines behind `|` or `|-`. */
  #literal(at: number, indent: number): Node {
    const mark = this.#text.slice(at, this.#end);
    if (mark !== "|" && mark !== "|-") throw new Unusual();
    let line = this.#end + 1;
    let inner = 0;
    while (this.#text[line + inner] === " ") inner += 1;
    if (inner <= indent || line + inner >= this.#text.length || this.#text[line + inner] === "\n") throw new Unusual();
    const lines: string[] = [];
    for (let end = line; line < this.#text.length; line = end + 1) {
      end = this.#text.indexOf("\n", line);
      const own = this.#text.slice(line, end);
      if (end === -1 || /^ +$|[^ -~\u00a1-\u1fff\u2030-\ud7ff]/.test(own)) throw new Unusual();
      const spaces = own.search(/[^ ]/);
      if (own !== "" && spaces <= indent) break;
      if (own !== "" && spaces < inner) throw new Unusual();
      lines.push(own.slice(inner));
    }
    if (lines.at(-1) === "") throw new Unusual();
    const value = lines.join("\n") + (mark === "|" ? "\n" : "");
    this.#goTo(line);
    return scalarOf(value, Scalar.BLOCK_LITERAL, [at, line, line]);
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function wordOf(written: string): unknown {
  if (NO_WORD.test(written)) throw new Unusual();
  if (!OTHER_TYPE.test(written)) return written;
  if (written === "true" || written === "false") return written === "true";
  if (written === "null") return null;
  if (WHOLE.test(written) || BROKEN.test(written)) return Number(written);
  throw new Unusual();
}

function ranged<Kind extends Node>(node: Kind, ...range: [number, number, number]): Kind {
  node.range = range;
  return node;
}
