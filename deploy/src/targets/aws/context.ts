import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { AwsNetwork, AwsSpec } from "@slipway/contracts/spec/aws.ts";
import type { RenderedFile } from "#render/file.ts";
import { header, yamlText } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";
import type { Stack, Values } from "./template.ts";

/** What every stack of a system in one region is made from. */
export interface Context {
  readonly spec: Spec;
  readonly aws: AwsSpec;
  readonly network: AwsNetwork;
  readonly region: string;
  /** Whether what there is once for all regions (budget, bucket, tables) belongs to this one. */
  readonly leads: boolean;
  /** `<system>-<environment>`: what is made for it begins with this. */
  readonly prefix: string;
  readonly target: "ecs" | "lambda";
}

/** Contexts of which the first leads. */
export type Contexts = readonly [Context, ...Context[]];

/** The contexts of all regions of an environment. Throws `spec_incomplete`. */
export function contextsOf(spec: Spec, target: Context["target"]): Contexts {
  const { aws, regions } = spec.environment;
  const name = spec.environmentName ?? "default";
  if (aws === undefined)
    throw new SlipwayError("spec_incomplete", `The environment ${name} does not say in which network it runs.`, {
      hint: "Add `aws: { networks: { REGION: { vpc: …, privateSubnets: […] } } }` to it; slipway-yaml.md has the fields.",
    });
  assertPinned(spec);
  const [lead, ...others] = regions.map((region, index): Context => {
    const network = aws.networks[region];
    if (network === undefined)
      throw new SlipwayError("spec_incomplete", `The environment ${name} has no network in ${region}.`, {
        hint: `Add \`${region}\` to \`aws.networks\`, or take it out of \`regions\`.`,
      });
    return { spec, aws, network, region, leads: index === 0, prefix: `${spec.name}-${name}`, target };
  });
  if (lead === undefined)
    throw new SlipwayError("spec_incomplete", `The environment names no region for ${target}.`, {
      hint: "Add `regions: [eu-central-1]` to it.",
    });
  return [lead, ...others];
}

/** Images run by digest: a tag can lead elsewhere tomorrow. */
function assertPinned({ images: { app } }: Spec): void {
  if (app.includes("@sha256:")) return;
  throw new SlipwayError("spec_incomplete", `The image \`app\` has no digest: ${app}.`, {
    hint: "Pass --digest sha256:…, or write it into `images.app`.",
  });
}

/** What tells the resources of a system from others; the budget counts by the first two. */
export function tagsOf({ spec }: Context): readonly Values[] {
  return Object.entries(tagMapOf(spec)).map(([Key, Value]) => ({ Key, Value }));
}

/** The same where tags are a map. */
export function tagMapOf({ name, environmentName }: Spec): Readonly<Record<string, string>> {
  return {
    "slipway:system": name,
    "slipway:environment": environmentName ?? "default",
    "slipway:managed-by": "slipway",
  };
}

/** A value that another stack of the system exports. */
export function imported({ prefix }: Context, name: string): Values {
  return { "Fn::ImportValue": `${prefix}-${name}` };
}

/** The file of a stack: `<region>/<name>.yaml`. */
export function stackFile(context: Context, name: string, stack: Stack): RenderedFile {
  const outputs = Object.entries(stack.outputs).map(([id, { value, description }]): [string, Values] => [
    id,
    { Description: description, Value: value, Export: { Name: `${context.prefix}-${id}` } },
  ]);
  const template = {
    AWSTemplateFormatVersion: "2010-09-09",
    ...stack.top,
    Description: `${stack.description} of ${context.spec.name}, environment ${context.spec.environmentName ?? "default"}`,
    Resources: stack.resources,
    ...(outputs.length > 0 ? { Outputs: Object.fromEntries(outputs) } : {}),
  };
  return {
    path: `${context.region}/${name}.yaml`,
    text: yamlText(header(context.spec, context.target), template),
  };
}
