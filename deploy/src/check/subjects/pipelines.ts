import type { Cursor } from "../sources/cursor.ts";
import { addShell } from "./scripts.ts";
import type { EnvUse, Step } from "./topics.ts";
import type { World } from "./world.ts";

/** Takes a GitHub Actions workflow. */
export function addWorkflow(world: World, node: Cursor): void {
  world.add("workflow", node);
  addEnv(world, node.get("env"), "workflow", false);
  for (const job of node.get("jobs").entries()) {
    const testing = /test|lint|check|ci\b/i.test(job.key) && !/deploy|release/i.test(job.key);
    const steps = job
      .get("steps")
      .items()
      .map((step) => addStep(world, step, testing));
    world.add("job", { file: job.file, line: job.line, workflow: node, id: job.key, node: job, steps });
    addEnv(world, job.get("env"), "workflow", testing);
    if (job.has("uses")) {
      // A reusable workflow is called as an action is.
      world.add("step", { file: job.file, line: job.line, node: job, uses: job.get("uses").text, run: "" });
    }
    for (const service of [job.get("container"), ...job.get("services").entries()]) {
      const image = service.isMap ? service.get("image") : service;
      if (image.text !== "") world.add("image", { file: image.file, line: image.line, ref: image.text, node: image });
    }
  }
}

/** Takes steps that stand alone, as guides show them. */
export function addSteps(world: World, node: Cursor): void {
  for (const step of node.items()) addStep(world, step, false);
}

/** Takes a composite action. */
export function addAction(world: World, node: Cursor): void {
  for (const step of node.get("runs", "steps").items()) addStep(world, step, false);
}

function addStep(world: World, node: Cursor, testing: boolean): Step {
  const step = { file: node.file, line: node.line, node, uses: node.get("uses").text, run: node.get("run").text };
  world.add("step", step);
  addShell(world, node.get("run"), "workflow");
  addEnv(world, node.get("env"), "workflow", testing);
  return step;
}

function addEnv(world: World, env: Cursor, where: EnvUse["where"], testing: boolean): void {
  for (const each of env.entries())
    world.add("env", { file: each.file, line: each.line, name: each.key, value: each.text, where, testing });
}

/** Takes a Cloud Build configuration. */
export function addCloudBuild(world: World, node: Cursor): void {
  world.add("build", node);
  for (const step of node.get("steps").items()) {
    const name = step.get("name");
    if (name.exists) world.add("image", { file: name.file, line: name.line, ref: name.text, node: name });
    addShell(world, step.get("script"), "cloudbuild");
    const args = step.get("args");
    const tool =
      /\/(gcloud|kubectl|gke-deploy|docker|gsutil)(?::|@|$)/.exec(name.text)?.[1] ?? step.get("entrypoint").text;
    const list = args.items();
    const script = list.find((each) => /[\n;|&]/.test(each.text));
    if (script !== undefined) addShell(world, script, "cloudbuild");
    else if (list.length > 0) {
      const line = `${tool === "cloud-sdk" ? "gcloud" : tool} ${args.texts().join(" ")}`.trim();
      const place = { file: args.file, line: args.line };
      world.add("shell", { ...place, where: "cloudbuild", text: line, lines: [{ ...place, text: line, offset: -1 }] });
    }
    for (const pair of step.get("env").items()) {
      const [env = "", ...value] = pair.text.split("=");
      world.add("env", {
        file: pair.file,
        line: pair.line,
        name: env,
        value: value.join("="),
        where: "cloudbuild",
        testing: false,
      });
    }
  }
}
