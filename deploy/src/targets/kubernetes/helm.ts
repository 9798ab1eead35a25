import type { RenderedFile } from "#render/file.ts";
import { releaseOf } from "#render/settings.ts";
import { header, yamlText } from "#render/yaml.ts";
import { type Context, type Manifest, nameOf } from "./manifest.ts";
import { fileName } from "./plain.ts";

type Values = Readonly<Record<string, unknown>>;

/** A value that is a template: what stands in the chart instead of it, and the value that it has by default. */
interface Slot {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly filter: "quote" | "toJson" | undefined;
}

// Characters of Unicode's private use: no spec has them, so they can be found again in the text.
const OPEN = "\uE000";
const CLOSE = "\uE001";
const BRACES = { "{{": "\uE002", "}}": "\uE003" } as const;

/** A chart of the environment: images, scale, resources, settings and hosts are values. */
export function helm(context: Context, objects: readonly Manifest[]): readonly RenderedFile[] {
  const { spec } = context;
  const folder = `helm/${spec.name}`;
  const head = header(spec, "kubernetes");
  const slots: Slot[] = [];
  const templates = objects.map((object) => ({
    path: `${folder}/templates/${fileName(object)}`,
    text: head + template(object, slotsOf(context, object, slots)),
  }));
  return [
    {
      path: `${folder}/Chart.yaml`,
      text: yamlText(head, {
        apiVersion: "v2",
        name: spec.name,
        description: `${spec.name} on Slipway, environment ${spec.environmentName ?? "default"}`,
        type: "application",
        version: "0.1.0",
        appVersion: releaseOf(spec),
        kubeVersion: ">=1.30.0-0",
      }),
    },
    { path: `${folder}/values.yaml`, text: yamlText(head, valuesOf(slots)) },
    ...templates,
  ];
}

function template(
  object: Manifest,
  slots: readonly (readonly [at: readonly (string | number)[], slot: Slot])[],
): string {
  let value: unknown = escapeBraces({
    ...object,
    metadata: { ...object.metadata, namespace: `${OPEN}.Release.Namespace${CLOSE}` },
  });
  for (const [at, { path, filter }] of slots)
    value = replaced(
      value,
      at,
      `${OPEN}.Values.${path.join(".")}${filter === undefined ? "" : ` | ${filter}`}${CLOSE}`,
    );
  const text = yamlText("", value);
  return text
    .replace(new RegExp(`"?${OPEN}([^${CLOSE}]*)${CLOSE}"?`, "g"), (_all, inner: string) => `{{ ${inner} }}`)
    .replaceAll(BRACES["{{"], '{{ "{{" }}')
    .replaceAll(BRACES["}}"], '{{ "}}" }}');
}

/** Texts that hold `{{` are Grafana's and Prometheus', not Helm's. */
function escapeBraces(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("{{", BRACES["{{"]).replaceAll("}}", BRACES["}}"]);
  if (Array.isArray(value)) return value.map(escapeBraces);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeBraces(inner)]));
}

function replaced(value: unknown, [first, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === first ? replaced(item, rest, by) : item));
  const map = value as Values;
  return { ...map, [first]: replaced(map[first], rest, by) };
}

/** Where an object has values: by what it is and whose. */
function slotsOf(
  context: Context,
  object: Manifest,
  all: Slot[],
): readonly (readonly [readonly (string | number)[], Slot])[] {
  const service = context.spec.services.find(
    ({ name }) => object.metadata.labels?.["app.kubernetes.io/component"] === name,
  );
  const found: (readonly [readonly (string | number)[], Slot])[] = [];
  const add = (at: readonly (string | number)[], path: readonly string[], filter: Slot["filter"]): void => {
    const slot = { path, value: at.reduce<unknown>((value, step) => (value as Values)[step], object), filter };
    found.push([at, slot]);
    all.push(slot);
  };
  const own = service === undefined ? [] : ["services", keyOf(context, service.name)];
  const pod = ["spec", "template", "spec", "containers", 0] as const;
  if (object.kind === "Job") add([...pod, "image"], ["image"], "quote");
  if (object.kind === "Deployment") {
    add([...pod, "image"], ["image"], "quote");
    add([...pod, "resources"], [...own, "resources"], "toJson");
    add([...pod, "env"], [...own, "env"], "toJson");
  }
  if (object.kind === "HorizontalPodAutoscaler") {
    add(["spec", "minReplicas"], [...own, "scale", "min"], undefined);
    add(["spec", "maxReplicas"], [...own, "scale", "max"], undefined);
  }
  // A service may be called as the gateway is, whose route to HTTPS has the hosts of all.
  if (object.kind === "HTTPRoute" && service !== undefined && object.metadata.name === nameOf(context, service.name))
    add(["spec", "hostnames"], [...own, "hosts"], "toJson");
  return found;
}

/** Where a service's values stand: Helm's paths take no dashes, and no two services may share theirs (`api-2`, `api2`). */
function keyOf({ spec }: Context, name: string): string {
  const alike = spec.services.filter((service) => camel(service.name) === camel(name));
  return alike.length === 1 ? camel(name) : name.replaceAll("-", "_");
}

function camel(name: string): string {
  return name.replace(/-+([a-z0-9])/g, (_dashes, letter: string) => letter.toUpperCase());
}

function valuesOf(slots: readonly Slot[]): Values {
  let values: Values = {};
  for (const { path, value } of slots) values = put(values, path, value);
  return values;
}

function put(values: Values, [first = "", ...rest]: readonly string[], value: unknown): Values {
  const inner = rest.length === 0 ? value : put((values[first] as Values | undefined) ?? {}, rest, value);
  return { ...values, [first]: inner };
}
