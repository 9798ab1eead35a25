import type { Cursor } from "../sources/cursor.ts";
import type { Dockerfile } from "../sources/dockerfile.ts";
import { readFile, type InputFile } from "../sources/read-file.ts";
import { readShell } from "../sources/shell.ts";
import { addTask, addTemplate } from "./amazon.ts";
import { addCompose } from "./compose.ts";
import { addKubernetes } from "./kubernetes.ts";
import { addAction, addCloudBuild, addSteps, addWorkflow } from "./pipelines.ts";
import { World, type Assumptions } from "./world.ts";

/** Reads files and sorts what they hold. */
export function collect(files: readonly InputFile[], assumptions: Assumptions): World {
  const world = new World(
    assumptions,
    files.map((file) => file.path),
  );
  for (const file of files) {
    for (const part of readFile(file)) {
      if (part.note !== undefined) {
        world.notes.push({ file: part.file, note: part.note });
        continue;
      }
      world.add("file", part);
      if (part.shell !== undefined) world.add("shell", part.shell);
      if (part.dockerfile !== undefined) addDockerfile(world, part.dockerfile);
      for (const document of part.yaml?.documents ?? []) addDocument(world, document);
    }
  }
  return world;
}

/** Sorts a document by what it says rather than by its file's name, as people name files as they like. */
function addDocument(world: World, node: Cursor): void {
  if (node.isList && node.items().some((step) => step.has("uses"))) {
    world.add("document", node);
    addSteps(world, node);
  }
  if (!node.isMap) return;
  const name = node.file.slice(node.file.lastIndexOf("/") + 1);
  const known = kindOf(world, node, name);
  if (known === undefined) return;
  world.add("document", node);
  known();
}

function kindOf(world: World, node: Cursor, name: string): (() => void) | undefined {
  if (/^slipway(\.[\w-]+)?\.ya?ml$/.test(name)) return () => world.add("slipway", node);
  if (/^Chart\.ya?ml$/.test(name)) return () => world.add("chart", node);
  if (node.has("apiVersion") && node.has("kind")) return () => addKubernetes(world, node);
  if (node.get("jobs").isMap && (node.has("on") || node.has("true"))) return () => addWorkflow(world, node);
  if (node.get("runs", "steps").isList) return () => addAction(world, node);
  if (node.get("Resources").isMap) return () => addTemplate(world, node);
  if (node.get("containerDefinitions").isList) return () => addTask(world, node);
  if (node.get("services").isMap && !node.has("environments")) return () => addCompose(world, node);
  if (
    node.get("groups").isList &&
    node
      .get("groups")
      .items()
      .some((group) => group.get("rules").isList)
  )
    return () => {
      for (const group of node.get("groups").items()) world.add("rules", group);
    };
  if (
    node
      .get("steps")
      .items()
      .some((step) => step.has("name") && (step.has("args") || step.has("script") || step.has("entrypoint")))
  )
    return () => addCloudBuild(world, node);
  if (
    node
      .get("Statement")
      .items()
      .some((statement) => statement.has("Effect"))
  )
    return () => {
      for (const statement of node.get("Statement").items()) world.add("statement", statement);
    };
  return undefined;
}

function addDockerfile(world: World, dockerfile: Dockerfile): void {
  world.add("dockerfile", dockerfile);
  const stages = new Set(dockerfile.stages.map((stage) => stage.alias.toLowerCase()));
  for (const stage of dockerfile.stages) {
    if (stage.base !== "scratch" && stage.base !== "" && !stages.has(stage.base.toLowerCase()))
      world.add("image", { file: stage.file, line: stage.line, ref: stage.base });
  }
  for (const instruction of dockerfile.instructions) {
    const { file, line, name, args, heredoc } = instruction;
    if (name === "RUN") world.add("shell", readShell(file, heredoc === "" ? args : heredoc, line, "dockerfile"));
    if (name !== "ENV" && name !== "ARG") continue;
    for (const [, key = "", value = ""] of args.matchAll(/(\w+)=("[^"]*"|'[^']*'|\S*)/g))
      world.add("env", {
        file,
        line,
        name: key,
        value: value.replace(/^["']|["']$/g, ""),
        where: "dockerfile",
        testing: false,
      });
  }
}
