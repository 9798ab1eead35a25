import { type Pipeline, pipelineHeader, type Stage } from "../pipeline.ts";
import { plannerOf } from "./builds.ts";
import { asks, placeOf, triggerName } from "./names.ts";

type Trigger = Readonly<Record<string, unknown>>;

function account({ spec }: Stage, identity: string | undefined): string {
  return `projects/${spec.environment.project ?? ""}/serviceAccounts/${identity ?? ""}`;
}

/** The trigger of an environment: a push to its branch, or the end of the environment before it. */
export function stageTrigger(pipeline: Pipeline, stage: Stage): Trigger {
  const { name, delivery } = stage;
  const { repository } = pipeline.settings;
  const file = `cloudbuild/${name}.yaml`;
  const identity = asks(stage) ? plannerOf(pipeline, stage) : delivery.identity;
  const head = {
    name: triggerName(pipeline, name),
    description: `${pipeline.system} in ${name}`,
    serviceAccount: account(stage, identity),
  };
  if (delivery.after !== undefined) return { ...head, ...started(stage, file, repository, ["_DIGEST"]) };
  const branch = `^${delivery.branch.replaceAll(".", "\\.")}$`;
  return { ...head, filename: file, repositoryEventConfig: { repository, push: { branch } } };
}

/** The trigger of what somebody must agree to: its builds wait for an approval. */
export function applyTrigger(pipeline: Pipeline, stage: Stage): Trigger {
  const file = `cloudbuild/${stage.name}-apply.yaml`;
  return {
    name: triggerName(pipeline, `${stage.name}-apply`),
    description: `${pipeline.system} in ${stage.name}, once somebody agreed`,
    serviceAccount: account(stage, stage.delivery.identity),
    approvalConfig: { approvalRequired: true },
    ...started(stage, file, pipeline.settings.repository, ["_DIGEST", "_PLANNED"]),
  };
}

function started({ delivery }: Stage, path: string, repository: string | undefined, given: readonly string[]): Trigger {
  const ref = `refs/heads/${delivery.branch}`;
  return {
    sourceToBuild: { repository, ref },
    gitFileSource: { path, repository, revision: ref },
    substitutions: Object.fromEntries(given.map((name) => [name, ""])),
  };
}

/** A script that makes the triggers, or changes them. */
export function triggersScript(pipeline: Pipeline): string {
  const { project, region } = placeOf(pipeline);
  const names = pipeline.lines
    .flatMap(({ stages }) => stages)
    .flatMap((stage) => [stage.name, ...(asks(stage) ? [`${stage.name}-apply`] : [])]);
  return [
    "#!/usr/bin/env bash",
    pipelineHeader(pipeline).trimEnd(),
    "# Makes the triggers, or changes them: cloudbuild/triggers.sh. Who may approve has roles/cloudbuild.builds.approver.",
    "set -euo pipefail",
    'cd "$(dirname "$0")/triggers"',
    `for name in ${names.join(" ")}; do`,
    `  gcloud builds triggers import --project ${project} --region ${region} --source "$name.yaml"`,
    "done",
    "",
  ].join("\n");
}
