import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Line, Pipeline, Stage } from "../pipeline.ts";
import { asks, nextOf, triggerName } from "./names.ts";
import {
  agreedSteps,
  applySteps,
  type BuildStep,
  type DigestSource,
  imageSteps,
  planSteps,
  startStep,
} from "./steps.ts";

type Build = Readonly<Record<string, unknown>>;

/** What a push leads to: build, scan, push, plan, and what is left to do when nobody must agree. */
export function stageBuild(pipeline: Pipeline, line: Line, stage: Stage): Build {
  const builds = stage.delivery.after === undefined;
  const from: DigestSource = builds ? "pushed" : "given";
  const steps = [
    ...(builds ? imageSteps(pipeline, line) : []),
    ...planSteps(pipeline, stage, from),
    ...(asks(stage)
      ? [startStep(pipeline, "ask", triggerName(pipeline, `${stage.name}-apply`), from, true)]
      : [...applySteps(pipeline, stage, from), ...starts(pipeline, line, stage, from)]),
  ];
  const { build } = pipeline.settings;
  const timeout = (builds ? seconds(build.timeout) : 0) + (asks(stage) ? 900 : seconds(stage.delivery.timeout));
  return document(
    steps,
    asks(stage) ? plannerOf(pipeline, stage) : stage.delivery.identity,
    timeout,
    stage,
    builds ? [] : ["_DIGEST"],
  );
}

/** What somebody agreed to. */
export function applyBuild(pipeline: Pipeline, line: Line, stage: Stage): Build {
  const steps = [
    ...agreedSteps(pipeline, stage),
    ...applySteps(pipeline, stage, "given"),
    ...starts(pipeline, line, stage, "given"),
  ];
  return document(steps, stage.delivery.identity, seconds(stage.delivery.timeout), stage, ["_DIGEST", "_PLANNED"]);
}

/** Who builds and plans: the account that may push images, where one must agree in between. */
export function plannerOf({ settings }: Pipeline, { delivery }: Stage): string | undefined {
  if (delivery.after !== undefined) return delivery.planner ?? delivery.identity;
  return settings.build.identity ?? delivery.planner ?? delivery.identity;
}

function starts(pipeline: Pipeline, line: Line, stage: Stage, from: DigestSource): readonly BuildStep[] {
  return nextOf(line, stage).map(({ name }) =>
    startStep(pipeline, `start-${name}`, triggerName(pipeline, name), from, false),
  );
}

function document(
  steps: readonly BuildStep[],
  identity: string | undefined,
  timeout: number,
  { spec }: Stage,
  given: readonly string[],
): Build {
  return {
    steps,
    timeout: `${timeout}s`,
    serviceAccount: `projects/${spec.environment.project ?? ""}/serviceAccounts/${identity ?? ""}`,
    ...(given.length > 0 ? { substitutions: Object.fromEntries(given.map((name) => [name, ""])) } : {}),
    options: { logging: "CLOUD_LOGGING_ONLY", automapSubstitutions: true },
    tags: [spec.name, spec.environmentName ?? "default"],
  };
}
