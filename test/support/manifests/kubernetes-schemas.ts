import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The part of OpenAPI v2 and of structural schemas (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema) that cluster objects are described by. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly not?: Schema;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}

type Values = Readonly<Record<string, unknown>>;

export const SCHEMAS = join(import.meta.dirname, "../../../../shared/schemas");

/** Judges objects by the schemas of Kubernetes and of custom resources, closed: a field that a schema does not have is a fault. */
export class KubernetesSchemas {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #kinds = new Map<string, Schema>();
  readonly #custom = new Map<string, Schema | undefined>();

  constructor(definitions: Readonly<Record<string, Schema>>) {
    this.#definitions = definitions;
    for (const schema of Object.values(definitions)) {
      for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? [])
        this.#kinds.set(`${group === "" ? "" : `${group}/`}${version}/${kind}`, schema);
    }
  }

  /** What is wrong with an object, each with its path. Which schema judged is in `by`. */
  async faults(object: Values): Promise<{ readonly by: string; readonly faults: readonly string[] }> {
    const id = `${String(object["apiVersion"])}/${String(object["kind"])}`;
    const own = this.#kinds.get(id);
    if (own !== undefined) return { by: "Kubernetes OpenAPI", faults: [...this.#check(object, own, "", true)] };
    const custom = await this.#customSchema(object);
    if (custom === undefined) return { by: "nobody", faults: [`there is no schema for ${id}`] };
    return { by: "CRD schema", faults: [...this.#check(object, custom, "", true)] };
  }

  async #customSchema({ apiVersion, kind }: Values): Promise<Schema | undefined> {
    const [group = "", version = ""] = String(apiVersion).split("/");
    const path = join(SCHEMAS, "crds", group, `${String(kind).toLowerCase()}_${version}.json`);
    if (!this.#custom.has(path)) {
      const text = await readFile(path, "utf8").catch(() => undefined);
      this.#custom.set(path, text === undefined ? undefined : (JSON.parse(text) as Schema));
    }
    return this.#custom.get(path);
  }

  *#check(value: unknown, schema: Schema, path: string, closed: boolean): Generator<string> {
    if (schema.$ref !== undefined) {
      const target = this.#definitions[schema.$ref.replace("#/definitions/", "")];
      if (target === undefined) yield `${path}: ${schema.$ref} leads nowhere`;
      else yield* this.#check(value, target, path, closed);
      return;
    }
    const intOrString = schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string";
    if (intOrString ? typeof value !== "string" && !Number.isInteger(value) : !isOf(value, schema.type)) {
      yield `${path}: is ${JSON.stringify(value)}, not ${intOrString ? "a whole number or text" : String(schema.type)}`;
      return;
    }
    yield* bounds(value, schema, path);
    yield* this.#combined(value, schema, path);
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries())
        if (schema.items) yield* this.#check(item, schema.items, `${path}[${index}]`, closed);
    } else if (typeof value === "object" && value !== null) {
      yield* this.#fields(value as Values, schema, path, closed);
    }
  }

  *#combined(value: unknown, schema: Schema, path: string): Generator<string> {
    const passes = (one: Schema): boolean => this.#check(value, one, path, false).next().done === true;
    if (schema.allOf && !schema.allOf.every(passes)) yield `${path}: is not all that it must be`;
    if (schema.anyOf && !schema.anyOf.some(passes)) yield `${path}: is none of what it may be`;
    if (schema.oneOf && schema.oneOf.filter(passes).length !== 1) yield `${path}: must be exactly one of several`;
    if (schema.not && passes(schema.not)) yield `${path}: is what it must not be`;
  }

  *#fields(value: Values, schema: Schema, path: string, closed: boolean): Generator<string> {
    for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) yield `${path}.${name}: is missing`;
    // Without any fields it is open, as `metadata` of custom resources is, which the API server checks itself.
    const open = !schema.properties || schema["x-kubernetes-preserve-unknown-fields"];
    for (const [name, inner] of Object.entries(value)) {
      const own = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
      const extra = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
      const field = own ?? extra;
      if (field !== undefined) yield* this.#check(inner, field, `${path}.${name}`, closed);
      else if (closed && !open) yield `${path}.${name}: is no field here`;
    }
  }
}

function isOf(value: unknown, type: string | undefined): boolean {
  switch (type) {
    case undefined:
      return true;
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function* bounds(value: unknown, schema: Schema, path: string): Generator<string> {
  if (schema.enum && !schema.enum.includes(value))
    yield `${path}: ${JSON.stringify(value)} is not among ${schema.enum.join(", ")}`;
  if (typeof value === "string") {
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
      yield `${path}: does not match ${schema.pattern}`;
    if (value.length < (schema.minLength ?? 0) || value.length > (schema.maxLength ?? Infinity))
      yield `${path}: has a wrong length`;
  }
  if (typeof value === "number" && (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity)))
    yield `${path}: is out of bounds`;
  if (Array.isArray(value) && (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)))
    yield `${path}: has too few or too many items`;
}

/** The schemas that lie beside the checkout; undefined when they are not there. */
export async function readKubernetesSchemas(): Promise<KubernetesSchemas | undefined> {
  const text = await readFile(join(SCHEMAS, "kubernetes/openapi-definitions.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  return new KubernetesSchemas((JSON.parse(text) as { definitions: Readonly<Record<string, Schema>> }).definitions);
}
