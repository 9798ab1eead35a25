import { type Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

/*
 * Reads the YAML that most files are made of (block maps and lists, words, quotes, `|` texts) into the library's own nodes, with
 * the places that the library gives them, in a fraction of its time. Anything else, a comment between values as well as a fault,
 * is left to the library.
 */

const KEY = /(?:"(?:[ !#-[\]-~]|\\["\\])*"|[A-Za-z_$/](?:[\w./$@+{}-]|:(?=[\w:]))*):(?=[ \n])/y;
const QUOTED = /"(?:[ !#-[\]-~\u00a1-\u1fff\u2030-\ud7ff]|\\["\\/bfnrt])*"(?=\n)/y;
/** What begins or holds something else than a word. */
const NO_WORD = /^[ ,[\]{}#&*!|>'"%@`]|^[?:-](?: |$)|: | #|[ :]$|[^ -~\u00a1-\u1fff\u2030-\ud7ff]/;
const WHOLE = /^-?(?:0|[1-9]\d{0,14})$/;
const BROKEN = /^-?\d{1,8}\.\d{0,7}[1-9]$/;
/** What the core schema makes something of; only the forms above are made here. */
const OTHER_TYPE =
  /^(?:~?|null|Null|NULL|true|True|TRUE|false|False|FALSE|0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/;
/** Deeper texts are left to the library. */
const DEEPEST = 60;

/** Thrown and caught in this file only: the text holds something that the library has to read. */
class Unusual extends Error {}

/** The contents of all documents of a text; undefined when the library has to read it. Pure. */
export function readSimpleYaml(text: string): readonly Node[] | undefined {
  try {
    return new Reader(text).documents();
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  /** Where the line begins and ends, and how far it is indented: −1 behind the last line. */
  #line = 0;
  #end = 0;
  #indent = -1;

  constructor(text: string) {
    this.#text = text;
    this.#goTo(0);
  }

  documents(): readonly Node[] {
    while (this.#text[this.#line] === "#") this.#goTo(this.#end + 1);
    if (this.#isMark()) this.#goTo(this.#end + 1);
    const found: Node[] = [];
    for (;;) {
      if (this.#indent !== 0) throw new Unusual();
      found.push(this.#block(0, 0));
      if (this.#line >= this.#text.length) return found;
      if (!this.#isMark()) throw new Unusual();
      this.#goTo(this.#end + 1);
    }
  }

  #isMark(): boolean {
    return this.#end === this.#line + 3 && this.#text.startsWith("---", this.#line);
  }

  #goTo(line: number): void {
    this.#line = line;
    this.#indent = -1;
    if (line >= this.#text.length) return;
    this.#end = this.#text.indexOf("\n", line);
    let at = line;
    while (this.#text[at] === " ") at += 1;
    // Empty lines change where things end; a text without a last line feed, too.
    if (this.#end <= at) throw new Unusual();
    this.#indent = at - line;
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
    const map = new YAMLMap<Node, Node>();
    const seen = new Set<string>();
    for (let at = start; ; at = this.#line + indent) {
      const key = this.#key(at);
      if (key === undefined || seen.has(String(key.value))) throw new Unusual();
      seen.add(String(key.value));
      map.items.push(new Pair<Node, Node>(key, this.#member(key.range?.[1] ?? at, indent, depth)));
      if (this.#indent > indent) throw new Unusual();
      if (this.#indent < indent || this.#text[this.#line + indent] === "-") break;
    }
    return ranged(map, start, this.#line, this.#line);
  }

  /** What follows the colon at `colon`. */
  #member(colon: number, indent: number, depth: number): Node {
    if (colon + 1 !== this.#end) return this.#inline(colon + 2, indent);
    this.#goTo(this.#end + 1);
    if (this.#indent > indent) return this.#block(this.#indent, depth + 1);
    if (this.#indent === indent && this.#isItem(this.#line + indent)) return this.#block(indent, depth + 1);
    throw new Unusual();
  }

  #list(start: number, indent: number, depth: number): Node {
    if (depth > DEEPEST) throw new Unusual();
    const list = new YAMLSeq<Node>();
    for (let at = start; ; at = this.#line + indent) {
      const inner = at + 2;
      if (this.#isItem(inner)) list.items.push(this.#list(inner, indent + 2, depth + 1));
      else if (this.#key(inner) !== undefined) list.items.push(this.#map(inner, indent + 2, depth + 1));
      else list.items.push(this.#inline(inner, indent));
      if (this.#indent > indent) throw new Unusual();
      if (this.#indent < indent || !this.#isItem(this.#line + indent)) break;
    }
    return ranged(list, start, this.#line, this.#line);
  }

  #key(at: number): Scalar | undefined {
    KEY.lastIndex = at;
    const [found] = KEY.exec(this.#text) ?? [];
    if (found === undefined) return undefined;
    const written = found.slice(0, -1);
    const end = at + written.length;
    if (written.startsWith('"')) return scalarOf(JSON.parse(written), Scalar.QUOTE_DOUBLE, [at, end, end]);
    if (OTHER_TYPE.test(written)) throw new Unusual();
    return scalarOf(written, Scalar.PLAIN, [at, end, end]);
  }

  /** A value that begins on this line; goes to the line behind it. */
  #inline(at: number, indent: number): Node {
    const first = this.#text[at];
    if (first === "|") return this.#literal(at, indent);
    const end = this.#end;
    const written = this.#text.slice(at, end);
    if (written === "{}" || written === "[]") {
      const empty = written === "{}" ? new YAMLMap() : new YAMLSeq();
      empty.flow = true;
      this.#goTo(end + 1);
      return ranged(empty, at, end, end + 1);
    }
    let value: unknown;
    if (first === '"') {
      QUOTED.lastIndex = at;
      if (QUOTED.exec(this.#text)?.[0] !== written) throw new Unusual();
      value = JSON.parse(written);
    } else value = wordOf(written);
    this.#goTo(end + 1);
    const source = first === '"' ? String(value) : written;
    return scalarOf(value, first === '"' ? Scalar.QUOTE_DOUBLE : Scalar.PLAIN, [at, end, end + 1], source);
  }

  /** The lines behind `|` or `|-`. */
  #literal(at: number, indent: number): Node {
    const mark = this.#text.slice(at, this.#end);
    if (mark !== "|" && mark !== "|-") throw new Unusual();
    this.#goTo(this.#end + 1);
    const inner = this.#indent;
    if (inner <= indent) throw new Unusual();
    const lines: string[] = [];
    let line = this.#line;
    for (let end = this.#end; line < this.#text.length; line = end + 1) {
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

function wordOf(written: string): unknown {
  if (NO_WORD.test(written)) throw new Unusual();
  if (!OTHER_TYPE.test(written)) return written;
  if (written === "true" || written === "false") return written === "true";
  if (written === "null") return null;
  if (WHOLE.test(written) || BROKEN.test(written)) return Number(written);
  throw new Unusual();
}

function scalarOf(value: unknown, type: Scalar.Type, range: [number, number, number], source = String(value)): Scalar {
  const scalar = new Scalar(value);
  scalar.source = source;
  scalar.type = type;
  scalar.range = range;
  return scalar;
}

function ranged<Kind extends Node>(node: Kind, ...range: [number, number, number]): Kind {
  node.range = range;
  return node;
}
