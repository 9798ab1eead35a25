import { places, withValue } from "./mutations.ts";

type Values = Readonly<Record<string, unknown>>;

/** A resource that was broken in one way. */
export interface BrokenResource {
  readonly what: string;
  readonly resource: Values;
}

/** Maps whose keys are anybody's own, and texts inside of texts. */
const FREE = new Set([
  "Tags",
  "FileSystemTags",
  "AccessPointTags",
  "Variables",
  "Parameters",
  "EventPattern",
  "DefinitionBody",
  "Fn::Sub",
  "Fn::Join",
  "Condition",
  "Metadata",
]);

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);
const isIntrinsic = (value: unknown): boolean =>
  isMap(value) && Object.keys(value).some((key) => /^(Ref|Fn::)/.test(key));

/** A resource broken in several ways, each alone: what a person does by a slip of the hand. */
export function brokenResources(resource: Values): readonly BrokenResource[] {
  const properties = resource["Properties"];
  if (!isMap(properties)) return [];
  const all = [...places(properties, ["Properties"], FREE)].filter(
    ({ path }) => !path.some((step) => /^(Ref|Fn::)/.test(String(step))),
  );
  const inner = all.filter(({ path }) => path.length > 1);
  const maps = inner.filter(({ value }) => isMap(value) && !isIntrinsic(value) && Object.keys(value).length > 0);
  const references = inner.filter(
    ({ value }) => isIntrinsic(value) && isMap(value) && ("Ref" in value || "Fn::GetAtt" in value),
  );
  const found: BrokenResource[] = [
    { what: "the type misspelt", resource: { ...resource, Type: `${String(resource["Type"])}x` } },
    { what: "a property too many", resource: { ...resource, Properties: { ...properties, Specs: {} } } },
    { what: "a property beside the properties", resource: { ...resource, Propertiess: {} } },
    { what: "a dependency on nothing", resource: { ...resource, DependsOn: "Nowhere" } },
  ];
  const add = (what: string, at: (typeof all)[number] | undefined, by: (value: unknown) => unknown): void => {
    if (at !== undefined)
      found.push({
        what: `${what} at ${at.path.slice(1).join(".")}`,
        resource: withValue(resource, at.path, by(at.value)) as Values,
      });
  };
  const misspelt = (value: unknown): unknown => {
    const [[key, inside] = ["", null], ...rest] = Object.entries(value as Values);
    return Object.fromEntries([[`${key}x`, inside], ...rest]);
  };
  add("a property misspelt", all[0], misspelt);
  add("a property misspelt deep down", maps.at(-1), misspelt);
  add("a reference to nothing", references[0], () => ({ Ref: "Nowhere" }));
  add("an attribute of nothing", references.at(-1), () => ({ "Fn::GetAtt": ["Nowhere", "Arn"] }));
  add(
    "a map where a list belongs",
    inner.find(({ value }) => Array.isArray(value)),
    () => ({ of: "no use" }),
  );
  add(
    "a map where a text belongs",
    inner.find(({ value }) => typeof value === "string"),
    () => ({ of: "no use" }),
  );
  add(
    "a text where a number belongs",
    inner.find(({ value }) => typeof value === "number"),
    () => "many things",
  );
  add(
    "a text where yes or no belongs",
    inner.find(({ value }) => typeof value === "boolean"),
    () => "maybe",
  );
  return found;
}
