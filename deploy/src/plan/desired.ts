import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { RenderedFile } from "#render/file.ts";
import { isMap } from "#spec/merge.ts";
import type { DesiredResource, Target } from "../targets/target.ts";
import { documentsOf } from "./documents.ts";
import { hashOf } from "./hash.ts";

type Values = Readonly<Record<string, unknown>>;

/** Files that people read or run and that are no part of what is deployed. */
const NO_RESOURCE = /\.(md|sh|txt)$|(^|\/)\.[^/]+$/;

/**
 * The resources that rendered files declare, sorted by id. Told by what a document says, for any target: an object of
 * Kubernetes' form, each entry of a CloudFormation template's `Resources`, each service, network, volume and secret of Compose,
 * any other document as a whole, any other file by its sum. One that several files declare, as each region's does, is named
 * with its file.
 */
export function desiredOf(
  { repeats }: Pick<Target, "repeats">,
  files: readonly RenderedFile[],
): readonly DesiredResource[] {
  const declared = files
    .filter(({ path }) => repeats?.(path) !== true && !NO_RESOURCE.test(path))
    .flatMap((file) => ofFile(file).map((resource) => ({ ...resource, path: file.path })));
  const byId = Map.groupBy(declared, ({ id }) => id);
  return [...byId.values()]
    .flatMap((same) => same.map(({ id, fields, path }) => ({ id: same.length > 1 ? `${path}: ${id}` : id, fields })))
    .map((resource, index, all) => unique(resource, index, all))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Two of one id in one file are a mistake of the rendering. */
function unique(resource: DesiredResource, index: number, all: readonly DesiredResource[]): DesiredResource {
  if (all.findIndex(({ id }) => id === resource.id) === index) return resource;
  throw new SlipwayError("internal", `Two rendered resources are called ${resource.id}.`);
}

function ofFile({ path, text }: RenderedFile): readonly DesiredResource[] {
  if (!/\.(ya?ml|json)$/.test(path)) return [{ id: `file/${path}`, fields: { sha256: hashOf(text) } }];
  const documents = documentsOf(path, text).filter((document): document is Values => isMap(document));
  return documents.flatMap((document, index) =>
    ofDocument(document, documents.length === 1 ? path : `${path}#${index + 1}`),
  );
}

function ofDocument(document: Values, place: string): readonly DesiredResource[] {
  const object = objectId(document);
  if (object !== undefined) return [{ id: object, fields: document }];
  if (isMap(document["Resources"]))
    return entries(document["Resources"], (name, { Type }) => `${String(Type)}/${name}`);
  if (isMap(document["services"]) && Object.values(document["services"]).every((service) => isMap(service)))
    return ["services", "networks", "volumes", "secrets", "configs"].flatMap((section) =>
      entries(document[section], (name) => `${section.slice(0, -1)}/${name}`),
    );
  return [{ id: `file/${place}`, fields: document }];
}

function entries(section: unknown, id: (name: string, value: Values) => string): readonly DesiredResource[] {
  if (!isMap(section)) return [];
  return Object.entries(section).map(([name, value]) => {
    const fields = isMap(value) ? value : {};
    return { id: id(name, fields), fields };
  });
}

/** `apps/v1/Deployment/agents/router`; without the namespace where the object is in none. Undefined for what is no object of Kubernetes' form. */
export function objectId(document: Values): string | undefined {
  const { apiVersion, kind, metadata } = document;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || !isMap(metadata)) return undefined;
  const { name, namespace } = metadata;
  if (typeof name !== "string") return undefined;
  return [apiVersion, kind, ...(typeof namespace === "string" ? [namespace] : []), name].join("/");
}
