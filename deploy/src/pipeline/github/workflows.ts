import type { RenderedFile } from "#render/file.ts";
import { yamlText } from "#render/yaml.ts";
import { withVersions } from "../data/actions.ts";
import { type Line, type Pipeline, pipelineHeader } from "../pipeline.ts";
import { environmentsScript } from "./environments-script.ts";
import { buildJob, imageSteps, type Job, minutes } from "./build-job.ts";
import { stageJobs } from "./stage-jobs.ts";
import { CHECKOUT } from "./steps.ts";

/** GitHub Actions: a workflow for each branch, one for pull requests, and the script that sets the environments up. */
export function githubFiles(pipeline: Pipeline): readonly RenderedFile[] {
  return [
    ...pipeline.lines.map((line) => ({
      path: `.github/workflows/slipway-deploy-${slug(line.branch)}.yml`,
      text: workflowText(pipeline, deployWorkflow(pipeline, line)),
    })),
    { path: ".github/workflows/slipway-check.yml", text: workflowText(pipeline, checkWorkflow(pipeline)) },
    { path: ".github/slipway/environments.sh", text: environmentsScript(pipeline) },
  ];
}

function slug(branch: string): string {
  return branch.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

function workflowText(pipeline: Pipeline, workflow: Readonly<Record<string, unknown>>): string {
  return withVersions(yamlText(pipelineHeader(pipeline), workflow));
}

// Scripts stop at the first failure, in a pipe too.
const DEFAULTS = { run: { shell: "bash" } };

function deployWorkflow(pipeline: Pipeline, line: Line): Readonly<Record<string, unknown>> {
  return {
    name: `Deploy ${line.branch}`,
    on: { push: { branches: [line.branch] }, workflow_dispatch: {} },
    permissions: {},
    concurrency: { group: `deploy-${pipeline.system}-${line.branch}`, "cancel-in-progress": false },
    defaults: DEFAULTS,
    jobs: {
      build: buildJob(pipeline.settings, line),
      ...Object.assign({}, ...line.stages.map((stage) => stageJobs(pipeline, stage))),
    },
  };
}

/** What a pull request is told: whether the spec is right, every environment renders, and the image builds and holds nothing known to be bad. No credentials. */
function checkWorkflow({ system, settings, lines }: Pipeline): Readonly<Record<string, unknown>> {
  const names = lines.flatMap(({ stages }) => stages.map(({ name }) => name)).sort();
  const job: Job = {
    name: "Check",
    "runs-on": "ubuntu-24.04",
    "timeout-minutes": minutes(settings.build.timeout),
    permissions: { contents: "read" },
    env: { IMAGE: "checked", COMMIT: "${{ github.sha }}", DIGEST: `sha256:${"0".repeat(64)}` },
    steps: [
      CHECKOUT,
      {
        name: "Check slipway.yaml and the pipeline",
        run: [
          `${settings.command} spec check --spec ${settings.spec}`,
          `${settings.command} pipeline --spec ${settings.spec} --out . --check`,
        ].join("\n"),
      },
      {
        name: "Render and check every environment",
        run: [
          `for environment in ${names.join(" ")}; do`,
          `  ${settings.command} render --spec ${settings.spec} --env "$environment" --digest "$DIGEST" --out "rendered/$environment"`,
          "done",
        ].join("\n"),
      },
      ...imageSteps(settings),
    ],
  };
  return {
    name: "Check what would be deployed",
    on: { pull_request: {} },
    permissions: {},
    concurrency: { group: `check-${system}-\${{ github.ref }}`, "cancel-in-progress": true },
    defaults: DEFAULTS,
    jobs: { check: job },
  };
}
