import { readFile } from "node:fs/promises";
import { jobV2, serviceV2 } from "./cloud-run-v2.ts";

type Values = Readonly<Record<string, unknown>>;

interface Field {
  readonly type: string;
  readonly rule?: string;
  readonly keyType?: string;
  readonly options?: { readonly "(google.api.field_behavior)"?: string };
}

interface Scope {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly nested?: Readonly<Record<string, Scope>>;
}

const ROOT = "google.cloud.run.v2";

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  bool: (value) => typeof value === "boolean",
  int32: Number.isInteger,
  int64: Number.isInteger,
};

/** What Google publishes of the API's messages, in its own Node client. */
export interface RunProtos {
  /** What they say against an object of Knative's form; empty where they take it. */
  faults(kind: "service" | "job", object: Values): readonly string[];
}

/** The descriptors of `@google-cloud/run`. */
export async function readRunProtos(): Promise<RunProtos> {
  const path = new URL("../../../node_modules/@google-cloud/run/build/protos/protos.json", import.meta.url);
  const root = JSON.parse(await readFile(path, "utf8")) as Scope;
  const find = (name: string): Scope | undefined =>
    name.split(".").reduce<Scope | undefined>((scope, part) => scope?.nested?.[part], root);
  /** A type as it is named from within another one: the innermost scope first. */
  const resolve = (name: string, from: string): readonly [string, Scope] => {
    for (let parts = from.split("."); ; parts = parts.slice(0, -1)) {
      const full = [...parts, name].join(".");
      const scope = find(full);
      if (scope !== undefined) return [full, scope];
      if (parts.length === 0) throw new Error(`The descriptors name ${name} in ${from} and do not have it.`);
    }
  };

  function* one(value: unknown, type: string, from: string, at: string): Generator<string> {
    const scalar = SCALARS[type];
    if (scalar !== undefined) {
      if (!scalar(value)) yield `${at}: ${JSON.stringify(value)} is no ${type}`;
      return;
    }
    const [name, scope] = resolve(type, from);
    if (scope.values !== undefined) {
      if (typeof value !== "string" || scope.values[value] === undefined)
        yield `${at}: ${JSON.stringify(value)} is none of ${type}`;
    } else yield* message(value, name, scope, at);
  }

  function* message(value: unknown, name: string, { fields = {} }: Scope, at: string): Generator<string> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      yield `${at}: no ${name}`;
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      const field = fields[key];
      const place = `${at}.${key}`;
      if (inner === undefined) continue;
      if (field === undefined) yield `${place}: ${name} has no such field`;
      else if (field.keyType !== undefined) yield* entries(inner, field, name, place);
      else if (field.rule !== "repeated") yield* one(inner, field.type, name, place);
      else if (!Array.isArray(inner)) yield `${place}: no list`;
      else for (const [index, item] of inner.entries()) yield* one(item, field.type, name, `${place}[${index}]`);
    }
    for (const [key, { options }] of Object.entries(fields))
      if (options?.["(google.api.field_behavior)"] === "REQUIRED" && (value as Values)[key] === undefined)
        yield `${at}: ${key} is needed`;
  }

  function* entries(value: unknown, { type }: Field, name: string, at: string): Generator<string> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) yield `${at}: no map`;
    else for (const [key, inner] of Object.entries(value)) yield* one(inner, type, name, `${at}.${key}`);
  }

  return {
    faults(kind, object) {
      const value = kind === "service" ? serviceV2(object) : jobV2(object);
      return [...one(value, kind === "service" ? "Service" : "Job", ROOT, kind)];
    },
  };
}
