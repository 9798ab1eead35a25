import { isObject, type JsonObject } from "#lib/shape.ts";

const TYPES = new Set(["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"]);
/** Whole numbers that Google writes as text, as JSON does with all of its 64-bit integers. */
const COUNTS = new Set(["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"]);
const MAX_DEPTH = 64;

const RENAMED: Readonly<Record<string, string>> = {
  any_of: "anyOf",
  min_items: "minItems",
  max_items: "maxItems",
  min_length: "minLength",
  max_length: "maxLength",
  min_properties: "minProperties",
  max_properties: "maxProperties",
  property_ordering: "propertyOrdering",
};

function typeOf(type: unknown, nullable: boolean): unknown {
  const name = typeof type === "string" && TYPES.has(type.toUpperCase()) ? type.toLowerCase() : type;
  return nullable && typeof name === "string" && name !== "null" ? [name, "null"] : name;
}

function valueOf(name: string, value: unknown, depth: number): unknown {
  switch (name) {
    case "properties":
    case "$defs":
      if (!isObject(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonSchema(item, depth)]));
    case "items":
    case "additionalProperties":
      return jsonSchema(value, depth);
    case "anyOf":
    case "prefixItems":
      return Array.isArray(value) ? value.map((item) => jsonSchema(item, depth)) : value;
    default:
      return COUNTS.has(name) && typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  }
}

function jsonSchema(value: unknown, depth: number): unknown {
  if (!isObject(value) || depth > MAX_DEPTH) return value;
  const schema: Record<string, unknown> = {};
  const nullable = value["nullable"] === true;
  for (const key in value) {
    const name = Object.hasOwn(RENAMED, key) ? (RENAMED[key] ?? key) : key;
    if (value[key] === null || name === "nullable") continue;
    if (name === "type") schema["type"] = typeOf(value[key], nullable);
    else if (name === "example") schema["examples"] = [value[key]];
    else schema[name] = valueOf(name, value[key], depth + 1);
  }
  if (nullable && Array.isArray(schema["enum"])) schema["enum"] = [...(schema["enum"] as unknown[]), null];
  if (schema["format"] === "enum") delete schema["format"];
  return schema;
}

/**
 * Google's `Schema`, which is a part of OpenAPI's with types in capitals, as JSON Schema, which is what all providers take
 * (https://ai.google.dev/api/caching#Schema). A JSON Schema comes out as it went in.
 */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const converted = jsonSchema(schema, 0);
  return isObject(converted) ? converted : schema;
}
