import { objectId } from "#plan/desired.ts";
import { isMap } from "#spec/merge.ts";
import type { ObservedResource } from "../target.ts";

type Values = Readonly<Record<string, unknown>>;

/** The field manager under which Slipway applies. */
const MANAGER = "slipway";

/** The objects of `kubectl get -o json`: a list or a single one; undefined when it is neither. */
export function kubernetesRecorded(recording: unknown): readonly ObservedResource[] | undefined {
  if (!isMap(recording)) return undefined;
  const { kind, items } = recording;
  const objects: readonly unknown[] =
    typeof kind === "string" && kind.endsWith("List") && Array.isArray(items) ? items : [recording];
  const resources = objects.map((object) => observedObject(object));
  return resources.every((resource) => resource !== undefined) ? resources : undefined;
}

/** An object as the API server tells it; undefined for what is none, or is on its way out. */
function observedObject(object: unknown): ObservedResource | undefined {
  if (!isMap(object)) return undefined;
  const id = objectId(object);
  const metadata = object["metadata"];
  if (id === undefined || !isMap(metadata)) return undefined;
  const { status: _status, ...fields } = object;
  const { resourceVersion, managedFields, ...rest } = metadata;
  return {
    id,
    version: typeof resourceVersion === "string" ? resourceVersion : "unknown",
    fields: { ...fields, metadata: rest },
    owned: ownedBy(managedFields),
  };
}

/** The leaves that the API server has down as applied by Slipway. */
function ownedBy(managedFields: unknown): readonly string[] {
  if (!Array.isArray(managedFields)) return [];
  const paths = managedFields
    .filter((entry): entry is Values => isMap(entry) && entry["manager"] === MANAGER && entry["operation"] === "Apply")
    .flatMap((entry) => leaves(entry["fieldsV1"], ""));
  return [...new Set(paths)].sort();
}

/** FieldsV1: `f:name` is a field, `k:{…}` an item by its key, `v:…` a value of a set, `.` the thing itself. */
function leaves(fields: unknown, path: string): readonly string[] {
  const entries = isMap(fields) ? Object.entries(fields).filter(([name]) => /^[fk]:/.test(name)) : [];
  if (entries.length === 0) return path === "" ? [] : [path];
  return entries.flatMap(([name, inner]) => leaves(inner, `${path}${step(name, path)}`));
}

function step(name: string, path: string): string {
  const text = name.slice(2);
  if (name.startsWith("k:")) return `[${keyOf(text)}]`;
  const plain = /^[\w-]+$/.test(text) ? text : `"${text}"`;
  return path === "" ? plain : `.${plain}`;
}

/** `{"name":"web"}` is `web`. A recording may hold anything. */
function keyOf(text: string): string {
  try {
    const key: unknown = JSON.parse(text);
    return isMap(key) ? Object.values(key).join(",") : text;
  } catch {
    return text;
  }
}
