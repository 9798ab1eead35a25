import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

// Cloud Build's own messages (google/devtools/cloudbuild/v1/cloudbuild.proto, as @google-cloud/cloudbuild ships them), read as
// the API reads JSON (https://protobuf.dev/programming-guides/json/) but closed: a field that a message lacks is a fault.

interface Field {
  readonly type: string;
  readonly rule?: "repeated";
  readonly keyType?: string;
}

interface Node {
  readonly nested?: Readonly<Record<string, Node>>;
  readonly fields?: Readonly<Record<string, Field>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
}

/**
 * Fields that the REST API and gcloud have and the published proto lacks
 * (https://cloud.google.com/build/docs/api/reference/rest/v1/projects.triggers; gcloud's messages took them on 2026-11-21).
 */
const REST_ONLY: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  BuildTrigger: { approvalConfig: { type: "ApprovalConfig" } },
};

/** What is wrong with a value as one of Cloud Build's messages. */
export type CloudBuildMessages = (message: "Build" | "BuildTrigger", value: unknown) => readonly string[];

/** Cloud Build's messages. */
export async function readCloudBuildMessages(): Promise<CloudBuildMessages> {
  const path = fileURLToPath(import.meta.resolve("@google-cloud/cloudbuild/build/protos/protos.json"));
  let node = JSON.parse(await readFile(path, "utf8")) as Node;
  for (const name of ["google", "devtools", "cloudbuild", "v1"]) node = node.nested?.[name] ?? {};
  const messages = node;
  return (message, value) => [...messageFaults(messages, [message], value, message)];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function find(root: Node, path: readonly string[]): Node | undefined {
  let at: Node | undefined = root;
  for (const name of path) at = at?.nested?.[name];
  return at;
}

function* messageFaults(root: Node, path: readonly string[], value: unknown, at: string): Generator<string> {
  const message = find(root, path);
  if (!isMap(value) || message?.fields === undefined) {
    yield `${at} must be a ${path.join(".")}`;
    return;
  }
  const fields = { ...message.fields, ...REST_ONLY[path.join(".")] };
  for (const { oneof } of Object.values(message.oneofs ?? {})) {
    const set = oneof.filter((name) => name in value);
    if (set.length > 1) yield `${at} has ${set.join(" and ")}, of which one is allowed`;
  }
  for (const [name, inner] of Object.entries(value)) {
    const field = fields[name];
    if (field === undefined) yield `${at}.${name} is no field`;
    else yield* fieldFaults(root, path, field, inner, `${at}.${name}`);
  }
}

function* fieldFaults(
  root: Node,
  path: readonly string[],
  field: Field,
  value: unknown,
  at: string,
): Generator<string> {
  if (field.keyType !== undefined) {
    if (!isMap(value)) yield `${at} must be a map`;
    for (const [key, inner] of Object.entries(isMap(value) ? value : {}))
      yield* valueFaults(root, path, field.type, inner, `${at}.${key}`);
  } else if (field.rule === "repeated") {
    if (!Array.isArray(value)) yield `${at} must be a list`;
    for (const [index, inner] of (Array.isArray(value) ? (value as readonly unknown[]) : []).entries())
      yield* valueFaults(root, path, field.type, inner, `${at}[${index}]`);
  } else yield* valueFaults(root, path, field.type, value, at);
}

function* valueFaults(
  root: Node,
  path: readonly string[],
  type: string,
  value: unknown,
  at: string,
): Generator<string> {
  if (type === "string" || type === "bytes") {
    if (typeof value !== "string") yield `${at} must be text`;
  } else if (type === "bool") {
    if (typeof value !== "boolean") yield `${at} must be true or false`;
  } else if (/^u?int(32|64)$/.test(type)) {
    if (!/^-?\d+$/.test(String(value)) || typeof value === "boolean") yield `${at} must be a whole number`;
  } else if (type === "google.protobuf.Duration") {
    if (typeof value !== "string" || !/^\d+(\.\d{1,9})?s$/.test(value)) yield `${at} must be a time such as 600s`;
  } else {
    const names = type.split(".");
    const nested = [path, []].map((scope) => [...scope, ...names]).find((one) => find(root, one) !== undefined);
    const found = nested === undefined ? undefined : find(root, nested);
    if (nested === undefined || found === undefined) yield `${at}: the type ${type} is not known here`;
    else if (found.values !== undefined) {
      if (typeof value !== "string" || !(value in found.values))
        yield `${at} must be one of ${Object.keys(found.values).join(", ")}`;
    } else yield* messageFaults(root, nested, value, at);
  }
}
