import type { Line, Pipeline, Stage } from "../pipeline.ts";
import { registrySignIn } from "../registry.ts";
import {
  buildScript,
  NOTHING_OBSERVED,
  planScript,
  PUSH,
  renderScript,
  scanArguments,
  SUM,
  toolImage,
} from "../scripts.ts";
import { commandsOf } from "../targets/all.ts";
import { placeOf } from "./names.ts";

/** A step of a build. */
export interface BuildStep {
  readonly id: string;
  readonly name: string;
  readonly args?: readonly string[];
  readonly script?: string;
  readonly allowFailure?: boolean;
}

/** Where a step knows the digest from: the step that pushed, or whoever started the build. */
export type DigestSource = "pushed" | "given";

const DIGEST: Readonly<Record<DigestSource, string>> = {
  pushed: "DIGEST=$(cat digest.txt)\nexport DIGEST",
  given: 'export DIGEST="${_DIGEST:?Whoever starts this build says which image}"',
};
const UNCHANGED = 'if [ "$(cat changes.txt)" = false ]; then echo "Nothing changes."; exit 0; fi';

/** A script in an image that has bash. */
function script(id: string, name: string, ...lines: readonly string[]): BuildStep {
  return { id, name, script: ["#!/usr/bin/env bash", "set -euo pipefail", ...lines, ""].join("\n") };
}

/** Builds, looks at what was built, pushes it: `digest.txt`. */
export function imageSteps({ settings }: Pipeline, { image, registry }: Line): readonly BuildStep[] {
  const cli = settings.images.cli ?? "";
  const names = [`export IMAGE=${image} COMMIT="$COMMIT_SHA"`];
  return [
    script("build", cli, ...names, buildScript(settings)),
    {
      id: "sbom",
      name: toolImage(settings, "syft"),
      args: ["docker-archive:image.tar", "--output", "spdx-json=sbom.spdx.json"],
    },
    { id: "scan", name: toolImage(settings, "grype"), args: ["sbom:sbom.spdx.json", ...scanArguments(settings)] },
    script(
      "push",
      cli,
      ...names,
      registrySignIn(registry),
      PUSH,
      "printf '%s' \"$digest\" > digest.txt",
      ...(registry.kind === "google"
        ? ['gcloud artifacts sbom load --source sbom.spdx.json --uri "$IMAGE@$digest"']
        : []),
    ),
  ];
}

/** Renders, checks and plans: `sum.txt`, `changes.txt`. */
export function planSteps({ settings }: Pipeline, stage: Stage, from: DigestSource): readonly BuildStep[] {
  const node = toolImage(settings, "node");
  const { connect, observe } = commandsOf(stage.spec);
  const look = observe === undefined ? NOTHING_OBSERVED : [...(connect ? [connect.script] : []), observe].join("\n");
  return [
    script("render", node, DIGEST[from], renderScript(settings, stage.name), SUM, "printf '%s' \"$sum\" > sum.txt"),
    script("observe", settings.images.cli ?? "", look),
    script("plan", node, DIGEST[from], planScript(settings, stage.name), "printf '%s' \"$changes\" > changes.txt"),
  ];
}

/** Renders what was agreed to once more, and takes nothing else: the same commit and digest give the same bytes. */
export function agreedSteps({ settings }: Pipeline, stage: Stage): readonly BuildStep[] {
  return [
    script(
      "render",
      toolImage(settings, "node"),
      DIGEST.given,
      renderScript(settings, stage.name),
      SUM,
      'if [ "$sum" != "$_PLANNED" ]; then echo "The files are not those that were planned." >&2; exit 1; fi',
      "printf true > changes.txt",
    ),
  ];
}

/** Cloud Build knows no groups of which one runs at a time: a build waits until those of its environment that began before it have ended. */
function turnScript({ spec }: Stage): string {
  const filter = `status=WORKING AND tags:${spec.name} AND tags:${spec.environmentName ?? "default"}`;
  return [
    "deadline=$((SECONDS + 1800))",
    `until [ "$(gcloud builds list --project "$PROJECT_ID" --region "$LOCATION" --filter '${filter}' --sort-by createTime --limit 1 --format 'value(id)')" = "$BUILD_ID" ]; do`,
    '  if [ "$SECONDS" -gt "$deadline" ]; then echo "Another build of this environment takes too long." >&2; exit 1; fi',
    "  sleep 10",
    "done",
  ].join("\n");
}

/** Migrates, applies, verifies, and rolls back when either of the last two failed: a failed step ends a build, so these may fail. */
export function applySteps({ settings }: Pipeline, stage: Stage, from: DigestSource): readonly BuildStep[] {
  const { connect, record, migrate, apply, verify, rollBack } = commandsOf(stage.spec);
  const step = (id: string, ...lines: readonly string[]): BuildStep =>
    script(id, settings.images.cli ?? "", UNCHANGED, DIGEST[from], ...lines);
  return [
    step("turn", turnScript(stage)),
    ...(connect === undefined ? [] : [step("connect", connect.script)]),
    step("record", record),
    ...(migrate === undefined ? [] : [step("migrate", migrate)]),
    { ...step("apply", "mkdir -p state", apply, "touch state/applied"), allowFailure: true },
    { ...step("verify", "[ -f state/applied ]", verify, "touch state/verified"), allowFailure: true },
    step("roll-back", "if [ -f state/verified ]; then exit 0; fi", rollBack, 'echo "Rolled back." >&2', "exit 1"),
  ];
}

/** Starts another build, for the same commit. */
export function startStep(
  pipeline: Pipeline,
  id: string,
  trigger: string,
  from: DigestSource,
  planned: boolean,
): BuildStep {
  const { project, region } = placeOf(pipeline);
  return script(
    id,
    pipeline.settings.images.cli ?? "",
    UNCHANGED,
    DIGEST[from],
    [
      `gcloud builds triggers run ${trigger} --project ${project} --region ${region} --sha "$COMMIT_SHA"`,
      `--substitutions "_DIGEST=$DIGEST${planned ? ",_PLANNED=$(cat sum.txt)" : ""}"`,
    ].join(" "),
  );
}
