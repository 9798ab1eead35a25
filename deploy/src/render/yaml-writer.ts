import { isSurprising } from "./surprising.ts";

/*
 * Writes the YAML that rendering needs, byte for byte as the `yaml` library does with the options of `yaml.ts`, in a tenth of its
 * time: the library makes a tree of nodes first and asks each about comments, tags and anchors, of which there are none here.
 * What is not surely the same is left to the library.
 */

/** A word that is a string to every reader, whatever stands around it: most are. */
const SURELY_PLAIN = /^[A-Za-z_/](?:[\w./@+=-]|:(?=[\w/]))*$/;
const CONSTANT = /^(?:null|true|false)$/i;
/** Anything but printable ASCII, line feeds, letters of the basic plane and its private use, by which charts mark values. */
const UNUSUAL = /[^\n -~\u00a1-\u1fff\u2030-\ud7ff\ue000-\uf8ff]/;
/** What makes a word something else than itself, from the library's own list. */
const NOT_PLAIN = /^[ ,[\]{}#&*!|>'"%@`]|^[?-]$|^[?-] |: | #|[ :]$/;
/** Null, booleans and numbers of YAML 1.2's core schema, and the empty word. */
const OTHER_TYPE =
  /^(?:~?|[Nn]ull|NULL|[Tt]rue|TRUE|[Ff]alse|FALSE|0o[0-7]+|0x[\da-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/;
const DOCUMENT_MARK = /^(?:---|\.\.\.|%)/m;
/** The library writes longer keys in another way. */
const LONGEST_KEY = 1000;
const GREATEST_NUMBER = 1e15;
/** Deeper values are left to the library, which says what is wrong with one that contains itself. */
const DEEPEST = 60;

/** Thrown and caught in this file only: the value holds something that the library has to write. */
class Unusual extends Error {}

/** A map or list as a YAML document; undefined when the library has to write it. Pure. */
export function writeYaml(value: unknown): string | undefined {
  try {
    const text = new Writer().document(value);
    return text === undefined ? undefined : `${text}\n`;
  } catch (error) {
    if (error instanceof Unusual) return undefined;
    throw error;
  }
}

class Writer {
  document(value: unknown): string | undefined {
    if (Array.isArray(value)) return value.length === 0 ? undefined : this.#list(value, "");
    return isPlainMap(value) ? this.#map(value, "") : undefined;
  }

  /** The members of a map, the first one without its indent; "" when there are none. */
  #map(map: Readonly<Record<string, unknown>>, indent: string): string {
    let text = "";
    for (const key of Object.keys(map)) {
      const value = map[key];
      if (value === undefined) continue;
      text += `${text === "" ? "" : `\n${indent}`}${this.#key(key)}:${this.#member(value, indent)}`;
    }
    if (text === "" && indent === "") throw new Unusual();
    return text;
  }

  #member(value: unknown, indent: string): string {
    if (Array.isArray(value)) return value.length === 0 ? " []" : `\n${indent}${this.#list(value, indent)}`;
    if (typeof value !== "object" || value === null) return ` ${this.#scalar(value, `${indent}  `)}`;
    const inner = this.#inner(value, `${indent}  `);
    return inner === "" ? " {}" : `\n${indent}  ${inner}`;
  }

  #list(list: readonly unknown[], indent: string): string {
    let text = "";
    for (const value of list) text += `${text === "" ? "" : `\n${indent}`}- ${this.#item(value, `${indent}  `)}`;
    return text;
  }

  #item(value: unknown, indent: string): string {
    if (Array.isArray(value)) return value.length === 0 ? "[]" : this.#list(value, indent);
    if (typeof value !== "object" || value === null) return this.#scalar(value, indent);
    const inner = this.#inner(value, indent);
    return inner === "" ? "{}" : inner;
  }

  #inner(value: object, indent: string): string {
    if (!isPlainMap(value) || indent.length > 2 * DEEPEST) throw new Unusual();
    return this.#map(value, indent);
  }

  #key(key: string): string {
    if (key.length > LONGEST_KEY || key.includes("\n")) throw new Unusual();
    return this.#word(key);
  }

  #scalar(value: unknown, indent: string): string {
    if (typeof value === "string") return value.includes("\n") ? this.#block(value, indent) : this.#value(value);
    if (typeof value === "boolean" || value === null) return String(value);
    if (typeof value !== "number" || !(Math.abs(value) < GREATEST_NUMBER) || Object.is(value, -0)) throw new Unusual();
    return JSON.stringify(value);
  }

  #value(value: string): string {
    return isSurprising(value) ? JSON.stringify(value) : this.#word(value);
  }

  /** One line, plain or quoted. */
  #word(word: string): string {
    if (SURELY_PLAIN.test(word) && !CONSTANT.test(word)) return word;
    if (UNUSUAL.test(word) || DOCUMENT_MARK.test(word)) throw new Unusual();
    return NOT_PLAIN.test(word) || OTHER_TYPE.test(word) ? JSON.stringify(word) : word;
  }

  /** Several lines, as they are. */
  #block(text: string, indent: string): string {
    if (UNUSUAL.test(text) || DOCUMENT_MARK.test(text) || /^[ \n]/.test(text)) throw new Unusual();
    const ended = text.endsWith("\n");
    const body = ended ? text.slice(0, -1) : text;
    if (/[ \n]$/.test(body)) throw new Unusual();
    return `${ended ? "|" : "|-"}\n${indent}${body.replace(/\n+/g, `$&${indent}`)}`;
  }
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("toJSON" in value);
}
