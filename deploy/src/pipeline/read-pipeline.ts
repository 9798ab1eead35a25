import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EnvironmentSpec } from "@slipway/contracts/spec/environment.ts";
import type { PipelineSpec } from "@slipway/contracts/spec/pipeline.ts";
import type { ReadYaml, YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import { resolveEnvironment } from "#spec/resolve.ts";
import type { Line, Pipeline, Stage } from "./pipeline.ts";
import { lineProblems, repositoryOf, stageProblems } from "./problems.ts";
import { registryOf } from "./registry.ts";

/**
 * The pipeline that a file describes. Pure. Throws `config_invalid` with line and column where its parts do not fit,
 * `spec_incomplete` when there is none.
 */
export function readPipeline(read: ReadYaml): Pipeline {
  const { pipeline: settings, name, environments = {} } = read.spec;
  if (settings === undefined || name === undefined)
    throw incomplete("whose pipeline it is", "Add `pipeline: { kind: github-actions }`, or cloud-build, and `name`.");
  const stages = Object.entries(environments)
    .filter(([, { delivery }]) => delivery !== undefined)
    .map(([environment, { delivery }]) => stageOf(read, environment, delivery))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (stages.length === 0)
    throw incomplete(
      "which environments the pipeline reaches",
      "Add `delivery: { branch: main }` to one of `environments`.",
    );
  const problems: YamlProblem[] = [
    ...stages.flatMap((stage) => stageProblems(settings, stage)),
    ...lineProblems(stages),
  ];
  if (problems.length > 0) throw read.error(problems);
  const branches = [...new Set(stages.map(({ delivery }) => delivery.branch))];
  return {
    system: name,
    settings,
    lines: branches.map((branch) =>
      lineOf(
        settings,
        branch,
        stages.filter(({ delivery }) => delivery.branch === branch),
      ),
    ),
  };
}

function stageOf(read: ReadYaml, name: string, delivery: EnvironmentSpec["delivery"]): Stage {
  if (delivery === undefined) throw new SlipwayError("internal", `The environment ${name} has no delivery.`);
  return { name, spec: resolveEnvironment(read, name), delivery };
}

function lineOf({ build }: PipelineSpec, branch: string, stages: readonly Stage[]): Line {
  const [first] = stages;
  const image = first === undefined ? "" : repositoryOf(first.spec);
  const registry = registryOf(image);
  if (registry === undefined)
    throw incomplete(
      `a registry that the pipeline can sign in to without a password: ${image}`,
      "Artifact Registry (REGION-docker.pkg.dev), Amazon ECR, Azure Container Registry and ghcr.io can be.",
    );
  if (registry.kind !== "github" && build.identity === undefined)
    throw incomplete("who pushes images", "Add `pipeline: { build: { identity: … } }`.");
  return { branch, image, registry, stages: inOrder(stages) };
}

/** Each after the one that it names. */
function inOrder(stages: readonly Stage[]): readonly Stage[] {
  const placed: Stage[] = [];
  const rest = [...stages];
  while (rest.length > 0) {
    const next = rest.findIndex(
      ({ delivery: { after } }) => after === undefined || placed.some(({ name }) => name === after),
    );
    // Circles were told as problems before.
    placed.push(...rest.splice(Math.max(0, next), 1));
  }
  return placed;
}

function incomplete(what: string, hint: string): SlipwayError {
  return new SlipwayError("spec_incomplete", `The file does not say ${what}.`, { hint });
}
