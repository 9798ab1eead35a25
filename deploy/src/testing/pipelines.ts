import type { RenderedFile } from "#render/file.ts";
import { isMap, mergeYaml } from "#spec/merge.ts";
import { parse, stringify } from "yaml";
import { renderPipeline } from "../pipeline/render-pipeline.ts";
import { exampleText } from "./examples.ts";

const PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/github/providers/generator";

/** The spec of an example with other values laid over it; null takes away. */
export async function changedSpec(system: string, over: unknown): Promise<string> {
  const merged = mergeYaml(parse(await exampleText(system)), over);
  return stringify(merged, { lineWidth: 0 });
}

type NamedSpec = readonly [name: string, text: string];

/** A pipeline with everything that can differ: what it is called, and the spec that describes it. */
export async function pipelineSpecs(): Promise<readonly NamedSpec[]> {
  return [...(await googleSpecs()), ...(await otherSpecs())];
}

async function googleSpecs(): Promise<readonly NamedSpec[]> {
  const google = { identity: "deployer@acme-generator.iam.gserviceaccount.com" };
  return [
    ["agent-generator", await exampleText("agent-generator")],
    ["copilot", await exampleText("copilot")],
    ["panelin", await exampleText("panelin")],
    [
      "cloud-build",
      await changedSpec("agent-generator", {
        pipeline: {
          kind: "cloud-build",
          repository: "projects/acme-generator/locations/europe-west1/connections/github/repositories/generator",
          build: { identity: "builder@acme-generator.iam.gserviceaccount.com", provider: null },
          images: { cli: `europe-docker.pkg.dev/acme/mirror/deployer@sha256:${"4".repeat(64)}` },
        },
        environments: {
          staging: { delivery: { branch: "main", provider: null } },
          production: { delivery: { after: "staging", provider: null } },
        },
      }),
    ],
    [
      "promoted",
      await changedSpec("agent-generator", {
        environments: {
          staging: { delivery: { branch: "main" } },
          production: { delivery: { after: "staging" }, approvals: { required: 3, groups: ["platform", "security"] } },
        },
      }),
    ],
    [
      "cloud-run",
      await changedSpec("agent-generator", {
        environments: {
          staging: {
            target: "cloud-run",
            cluster: null,
            overrides: { services: { web: { cpu: 1 } } },
            delivery: { provider: PROVIDER, ...google },
          },
          production: { delivery: null },
        },
      }),
    ],
  ];
}

async function otherSpecs(): Promise<readonly NamedSpec[]> {
  return [
    [
      "eks",
      await changedSpec("copilot", enterprise({ provider: "eks" }, "arn:aws:iam::123456789012:role/copilot-deploy")),
    ],
    ["ecs", await changedSpec("copilot", amazon("ecs"))],
    ["lambda", await changedSpec("copilot", amazon("lambda"))],
    [
      "aks",
      await changedSpec(
        "copilot",
        mergeYaml(
          enterprise({ provider: "aks", storageAccount: "acmecopilot" }, "6f1c7f3c-0000-4000-8000-5a0b4d579a55"),
          {
            images: { app: `acmecopilot.azurecr.io/slipway@sha256:${"5".repeat(64)}` },
            pipeline: {
              build: {
                identity: "6f1c7f3c-0000-4000-8000-5a0b4d579a56",
                tenant: "6f1c7f3c-0000-4000-8000-5a0b4d579a57",
              },
            },
            environments: {
              enterprise: { delivery: { tenant: "6f1c7f3c-0000-4000-8000-5a0b4d579a57", resourceGroup: "copilot" } },
            },
          },
        ),
      ),
    ],
    [
      "railway",
      await changedSpec("copilot", {
        images: { app: `ghcr.io/acme/copilot@sha256:${"6".repeat(64)}` },
        pipeline: { build: { identity: null } },
        environments: { staging: { delivery: null }, railway: { delivery: { branch: "main" } } },
      }),
    ],
  ];
}

/** The environment `enterprise` of copilot on ECS, or as Lambda functions. */
function amazon(target: "ecs" | "lambda"): unknown {
  return {
    environments: {
      staging: { delivery: null },
      enterprise: {
        target,
        gitops: null,
        cluster: null,
        approvals: { groups: ["platform"] },
        delivery: {
          branch: "main",
          identity: "arn:aws:iam::123456789012:role/copilot-deploy",
          bucket: "acme-templates-{region}",
        },
      },
    },
  };
}

/** The environment `enterprise` of copilot without Argo CD, for another cluster. */
function enterprise(cluster: Readonly<Record<string, unknown>>, identity: string): unknown {
  return {
    environments: {
      staging: { delivery: null },
      enterprise: {
        project: "6f1c7f3c-0000-4000-8000-5a0b4d579a58",
        gitops: null,
        cluster,
        approvals: { groups: ["platform"] },
        delivery: { branch: "main", identity },
      },
    },
  };
}

/** The files of all of them, by name. */
export async function renderedPipelines(): Promise<ReadonlyMap<string, readonly RenderedFile[]>> {
  const specs = await pipelineSpecs();
  return new Map(specs.map(([name, text]) => [name, renderPipeline(text, "slipway.yaml")]));
}

/** Every value of YAML below one, itself included, with its path. */
export function* valuesOf(
  value: unknown,
  path: readonly (string | number)[] = [],
): Generator<readonly [readonly (string | number)[], unknown]> {
  yield [path, value];
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* valuesOf(item, [...path, index]);
  else if (isMap(value)) for (const [key, inner] of Object.entries(value)) yield* valuesOf(inner, [...path, key]);
}
