import { isObject, type JsonObject } from "#lib/shape.ts";
import type { PatternSearch } from "./pattern.ts";

const MAX_DEPTH = 16;
const MAX_STRING = 1_000;

/** Makes one value after a JSON Schema, out of what a text says. */
class InstanceMaker {
  readonly #root: JsonObject;
  readonly #text: string;
  readonly #search: PatternSearch;

  constructor(root: JsonObject, text: string, search: PatternSearch) {
    this.#root = root;
    this.#text = text;
    this.#search = search;
  }

  make(schema: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH || !isObject(schema)) return null;
    if ("const" in schema) return schema["const"];
    if (Array.isArray(schema["enum"]) && schema["enum"].length > 0) return schema["enum"][0] as unknown;
    if (typeof schema["$ref"] === "string") return this.make(this.#follow(schema["$ref"]), depth + 1);
    for (const choice of [schema["anyOf"], schema["oneOf"]]) {
      if (Array.isArray(choice))
        return this.make(
          choice.find((option) => !isObject(option) || option["type"] !== "null"),
          depth + 1,
        );
    }
    if (Array.isArray(schema["allOf"])) {
      const { allOf: _, ...rest } = schema;
      let merged: JsonObject = {};
      for (const part of schema["allOf"]) if (isObject(part)) merged = { ...merged, ...part };
      return this.make({ ...merged, ...rest }, depth + 1);
    }
    return this.#ofType(schema, depth);
  }

  #ofType(schema: JsonObject, depth: number): unknown {
    const declared: unknown = Array.isArray(schema["type"])
      ? schema["type"].find((type) => type !== "null")
      : schema["type"];
    const type = declared ?? ("properties" in schema ? "object" : "items" in schema ? "array" : "string");
    switch (type) {
      case "string":
        return this.#string(schema);
      case "integer":
        return Math.trunc(this.#number(schema));
      case "number":
        return this.#number(schema);
      case "boolean":
        return true;
      case "array":
        return schema["maxItems"] === 0 ? [] : [this.make(schema["items"] ?? {}, depth + 1)];
      case "object":
        return this.#object(schema, depth);
      default:
        return null;
    }
  }

  #string(schema: JsonObject): string {
    const most = typeof schema["maxLength"] === "number" ? Math.min(schema["maxLength"], MAX_STRING) : MAX_STRING;
    return (this.#search.first(schema["pattern"], this.#text) ?? this.#text).slice(0, most);
  }

  #number(schema: JsonObject): number {
    const { minimum, maximum } = schema;
    const least = typeof minimum === "number" ? minimum : undefined;
    const found = Number(/-?\d+(?:\.\d+)?/.exec(this.#text)?.[0] ?? Number.NaN);
    const value = Number.isFinite(found) ? found : (least ?? 1);
    if (least !== undefined && value < least) return least;
    return typeof maximum === "number" && value > maximum ? maximum : value;
  }

  // An optional property is left out unless the text has what its pattern asks for.
  #object(schema: JsonObject, depth: number): JsonObject {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const required = new Set<unknown>(Array.isArray(schema["required"]) ? schema["required"] : []);
    const entries = Object.entries(properties).filter(
      ([name, property]) =>
        required.has(name) || (isObject(property) && this.#search.first(property["pattern"], this.#text) !== undefined),
    );
    return Object.fromEntries(entries.map(([name, property]) => [name, this.make(property, depth + 1)]));
  }

  #follow(reference: string): unknown {
    if (!reference.startsWith("#")) return undefined;
    let at: unknown = this.#root;
    for (const step of reference.slice(1).split("/").filter(Boolean)) {
      const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    }
    return at;
  }
}

/**
 * A value after the schema: strings take the first match of their pattern in the text, else the text; enumerations their first
 * value; numbers the first number in the text, else their minimum, else 1; booleans are true; arrays have one item. The same
 * schema and text make the same value.
 */
export function schemaInstance(schema: JsonObject, text: string, search: PatternSearch): unknown {
  return new InstanceMaker(schema, text, search).make(schema, 0);
}

/** True when a string of the schema's properties has a pattern that matches in the text. */
export function matchesPattern(schema: unknown, text: string, search: PatternSearch, depth = 0): boolean {
  if (depth > MAX_DEPTH || !isObject(schema)) return false;
  if (search.first(schema["pattern"], text) !== undefined) return true;
  const properties = isObject(schema["properties"]) ? Object.values(schema["properties"]) : [];
  return [...properties, schema["items"]].some((part) => matchesPattern(part, text, search, depth + 1));
}
