import { z } from "zod";

/** As much of JSON Schema as the schemas of our API come to. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly default?: unknown;
  readonly "x-id-of"?: string;
}

/** A place where a request names a thing of the tenant, as a dotted path; `0` is the first of a list. */
export interface IdPlace {
  readonly at: string;
  readonly kind: string;
}

/** The schema that a sender has to keep to. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" }) as JsonSchema;
}

function children(schema: JsonSchema, at: string): readonly (readonly [string, JsonSchema])[] {
  const below = (name: string): string => (at === "" ? name : `${at}.${name}`);
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, child]) => [below(name), child] as const),
    ...(schema.items ? [[below("0"), schema.items] as const] : []),
    ...(schema.anyOf ?? []).map((child) => [at, child] as const),
  ];
}

/** Every place of the schema that carries an id's kind, nested ones too. */
export function idPlaces(schema: JsonSchema, at = ""): readonly IdPlace[] {
  const kind = schema["x-id-of"];
  const own = kind === undefined ? [] : [{ at, kind }];
  return [...own, ...children(schema, at).flatMap(([path, child]) => idPlaces(child, path))];
}

const LOOKS_LIKE_ID = /(?:^|\.)(?:id|ids)$|(?:Id|Ids|_id|_ids)$/;

/** Places that are called like ids and do not say of what. */
export function undeclaredIds(schema: JsonSchema, at = ""): readonly string[] {
  const own = LOOKS_LIKE_ID.test(at) && schema["x-id-of"] === undefined && schema.items === undefined ? [at] : [];
  return [...own, ...children(schema, at).flatMap(([path, child]) => undeclaredIds(child, path))];
}

/** Objects that let unknown fields pass. */
export function looseObjects(schema: JsonSchema, at = ""): readonly string[] {
  const own = schema.type === "object" && schema.additionalProperties !== false ? [at || "the body"] : [];
  return [...own, ...children(schema, at).flatMap(([path, child]) => looseObjects(child, path))];
}

const TEXTS = ["sample", "a@example.com", "2099-01-01T00:00:00Z", "mock/mock-1", "1s", "2026-11-21"];

function sampleText(schema: JsonSchema): string {
  const fits = (text: string): boolean => schema.pattern === undefined || new RegExp(schema.pattern, "u").test(text);
  const byFormat = { email: TEXTS[1], "date-time": TEXTS[2], date: TEXTS[5] }[schema.format ?? ""];
  const text = byFormat ?? TEXTS.find(fits);
  if (text === undefined) throw new Error(`no sample fits ${JSON.stringify(schema)}: add one to TEXTS`);
  return text;
}

/** The least that the schema takes. */
export function sample(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  // The last one of a list of roles is one that every manager of users may give.
  if (schema.enum) return schema.enum.at(-1);
  if (schema.anyOf) return sample(schema.anyOf[0] ?? {});
  switch (schema.type) {
    case "object": {
      const properties = schema.properties ?? {};
      const needed = (schema.required ?? []).filter((name) => properties[name]?.default === undefined);
      return Object.fromEntries(needed.map((name) => [name, sample(properties[name] ?? {})]));
    }
    case "array":
      return [sample(schema.items ?? {})];
    case "string":
      return sampleText(schema);
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    default:
      return null;
  }
}

/** The value with another one at a dotted path; objects and lists on the way are made. */
export function withAt(value: unknown, path: string, put: unknown): unknown {
  const [head = "", ...rest] = path.split(".");
  const next = (inner: unknown): unknown => (rest.length === 0 ? put : withAt(inner, rest.join("."), put));
  if (head === "0") return [next(Array.isArray(value) ? value[0] : undefined)];
  const object = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return { ...object, [head]: next(object[head]) };
}
