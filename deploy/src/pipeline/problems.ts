import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import { cloudOfIdentity, type PipelineSpec } from "@slipway/contracts/spec/pipeline.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import type { Spec } from "#spec/spec.ts";
import type { Stage } from "./pipeline.ts";

/** Clouds whose sign-in a pipeline uses. */
type Cloud = NonNullable<ReturnType<typeof cloudOfIdentity>>;

const CLOUDS: Readonly<Partial<Record<TargetName, Cloud>>> = { "cloud-run": "google", ecs: "amazon", lambda: "amazon" };
const CLUSTER_CLOUDS = { gke: "google", eks: "amazon", aks: "azure", generic: undefined } as const;

/** The cloud that an environment is in; undefined where no cloud signs anybody in. */
function cloudOf({ environment }: Spec): Cloud | undefined {
  if (environment.target !== "kubernetes") return CLOUDS[environment.target];
  return CLUSTER_CLOUDS[environment.cluster?.provider ?? "generic"];
}

/** Whether a stage runs on a machine of the user's own. */
function ownRunner({ delivery }: Stage): boolean {
  return !delivery.runner.every((label) => /^(ubuntu|windows|macos)-/.test(label));
}

/** What is wrong with how the pipeline reaches one environment. */
export function stageProblems(settings: PipelineSpec, stage: Stage): readonly YamlProblem[] {
  const { name, delivery, spec } = stage;
  const { environment } = spec;
  const at = ["environments", name, "delivery"] as const;
  const problems: YamlProblem[] = [
    ...(settings.kind === "cloud-build" ? googleProblems(settings, stage) : githubProblems(stage)),
  ];
  if (environment.gitops !== undefined)
    problems.push({
      path: at,
      message:
        "may not stand beside `gitops`: the pipeline would apply against Argo CD, which applies from its repository",
      ofKey: true,
    });
  const cloud = cloudOf(spec);
  if (cloud !== undefined && delivery.identity === undefined)
    problems.push({ path: at, message: `needs an \`identity\` of the environment's cloud, ${cloud}`, ofKey: true });
  for (const [field, identity] of [
    ["identity", delivery.identity],
    ["planner", delivery.planner],
  ] as const) {
    if (identity === undefined || cloud === undefined || cloudOfIdentity(identity) === cloud) continue;
    problems.push({ path: [...at, field], message: `is of another cloud than the environment, which is in ${cloud}` });
  }
  if (
    environment.target === "kubernetes" &&
    environment.cluster?.provider === "aks" &&
    delivery.resourceGroup === undefined
  )
    problems.push({ path: at, message: "needs the `resourceGroup` of the cluster", ofKey: true });
  if (environment.target === "ecs" || environment.target === "lambda") {
    const { bucket } = delivery;
    if (bucket === undefined || (environment.regions.length > 1 && !bucket.includes("{region}")))
      problems.push({ path: at, message: "needs a `bucket` for templates in each region: name-{region}", ofKey: true });
    if (environment.regions.length === 0)
      problems.push({ path: ["environments", name, "regions"], message: "must say where it is", ofKey: true });
  }
  if (cloud !== undefined && environment.target === "kubernetes") {
    if (environment.regions.length === 0)
      problems.push({ path: ["environments", name, "regions"], message: "must say where the cluster is", ofKey: true });
    if (environment.cluster?.name === undefined)
      problems.push({ path: ["environments", name, "cluster"], message: "needs the cluster's `name`", ofKey: true });
  }
  return problems;
}

function githubProblems(stage: Stage): readonly YamlProblem[] {
  const { name, delivery, spec } = stage;
  const { environment } = spec;
  const at = ["environments", name, "delivery"] as const;
  const problems: YamlProblem[] = [];
  const cloud = cloudOf(spec);
  if (cloud === "google" && delivery.provider === undefined)
    problems.push({ path: at, message: "needs the `provider` that trusts GitHub's tokens", ofKey: true });
  if (cloud === "azure" && delivery.tenant === undefined)
    problems.push({ path: at, message: "needs the `tenant` whose application trusts GitHub's tokens", ofKey: true });
  if (cloud === undefined && environment.target !== "railway" && !ownRunner(stage))
    problems.push({
      path: [...at, "runner"],
      message: "must name a runner of your own: nothing signs GitHub's runners in to this environment without a key",
      ofKey: true,
    });
  const teams = environment.approvals.groups;
  if (environment.approvals.required > 0 && (teams.length === 0 || !teams.every((team) => /^[\w-]+$/.test(team))))
    problems.push({
      path: ["environments", name, "approvals"],
      message:
        "must name in `groups` the GitHub teams whose members may agree, as their addresses do: platform, release-managers",
      ofKey: true,
    });
  return problems;
}

function googleProblems({ repository, images, build }: PipelineSpec, { name, spec }: Stage): readonly YamlProblem[] {
  const { environment } = spec;
  const problems: YamlProblem[] = [];
  if (cloudOf(spec) !== "google")
    problems.push({
      path: ["environments", name, "target"],
      message: "is not in Google's cloud: cloud-build reaches cloud-run and GKE, github-actions all",
    });
  if (environment.project === undefined)
    problems.push({ path: ["environments", name], message: "needs the `project` that its builds run in", ofKey: true });
  if (environment.approvals.required > 1)
    problems.push({
      path: ["environments", name, "approvals", "required"],
      message: "is more than cloud-build can ask for, which is 1; github-actions can",
    });
  if (repository === undefined)
    problems.push({ path: ["pipeline"], message: "needs the `repository` that cloud-build knows", ofKey: true });
  if (images.cli?.includes("@sha256:") !== true)
    problems.push({
      path: ["pipeline", "images"],
      message:
        "needs `cli` by digest, an image with bash, gcloud, docker, jq and, for GKE, kubectl with gke-gcloud-auth-plugin: best one of your own made from google-cloud-cli",
      ofKey: true,
    });
  if (build.identity !== undefined && cloudOfIdentity(build.identity) !== "google")
    problems.push({ path: ["pipeline", "build", "identity"], message: "must be a Google service account" });
  return problems;
}

/** What is wrong between the environments of one branch. */
export function lineProblems(stages: readonly Stage[]): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  for (const { name, delivery, spec } of stages) {
    const path = ["environments", name, "delivery", "after"];
    const alike = stages.filter((stage) => stage.delivery.branch === delivery.branch);
    if (delivery.after !== undefined) {
      const others = alike.filter((stage) => stage.name !== name).map((stage) => stage.name);
      if (!others.includes(delivery.after))
        problems.push({
          path,
          message: `must be another environment of the branch ${delivery.branch}: ${others.join(", ") || "there is none"}`,
        });
      else if (isCircle(alike, name)) problems.push({ path, message: "leads back to this environment" });
    }
    const [first] = alike;
    if (first !== undefined && repositoryOf(first.spec) !== repositoryOf(spec))
      problems.push({
        path: ["environments", name, "delivery", "branch"],
        message: `has another image than ${first.name}, and a branch has one: ${repositoryOf(spec)}, ${repositoryOf(first.spec)}`,
      });
  }
  return problems;
}

/** The image of a system without tag and digest. */
export function repositoryOf({ images }: Spec): string {
  return images.app.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

function isCircle(stages: readonly Stage[], start: string): boolean {
  const seen = new Set<string>();
  let at: string | undefined = start;
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    const before: string = at;
    at = stages.find(({ name }) => name === before)?.delivery.after;
  }
  return at !== undefined;
}
