import type { Cursor } from "../sources/cursor.ts";
import type { Container, KubernetesObject } from "./topics.ts";
import { addShell } from "./scripts.ts";
import type { World } from "./world.ts";

/** Where the pod's template stands in an object of this kind. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  Rollout: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  Service: ["spec", "template"],
  Pod: [],
};

/** Takes an object, what it lists, and what it runs. */
export function addKubernetes(world: World, node: Cursor): void {
  const kind = node.get("kind").text;
  if (kind.endsWith("List") && node.get("items").isList) {
    for (const item of node.get("items").items()) addKubernetes(world, item);
    return;
  }
  const apiVersion = node.get("apiVersion").text;
  const meta = node.get("metadata");
  const { file, line } = node.get("kind");
  const object = {
    file,
    line,
    node,
    apiVersion,
    kind,
    name: meta.get("name").text,
    namespace: meta.get("namespace").text,
  };
  world.addObject(object);
  if (kind === "PrometheusRule") for (const group of node.get("spec", "groups").items()) world.add("rules", group);
  addPod(world, object);
  if (kind === "ConfigMap") {
    for (const entry of node.get("data").entries()) {
      if (entry.key.endsWith(".sh")) addShell(world, entry, "script");
    }
  }
}

function addPod(world: World, object: KubernetesObject): void {
  const path = TEMPLATES[object.kind];
  const knative =
    object.apiVersion.startsWith("serving.knative.dev/") || object.apiVersion.startsWith("run.googleapis.com/");
  if (path === undefined || (object.kind === "Service" && !knative)) return;
  const template = object.node.get(...path);
  // A Cloud Run job has one more template between: that of its execution.
  const inner = template.get("spec", "template").exists ? template.get("spec", "template") : template;
  const spec = inner.get("spec");
  if (!spec.exists) return;
  const job = object.kind === "Job" || object.kind === "CronJob";
  const labels = new Map(
    inner
      .get("metadata", "labels")
      .entries()
      .map((each) => [each.key, each.text]),
  );
  const shared = { object, pod: spec, managed: knative, job };
  const containers: Container[] = [
    ...spec
      .get("initContainers")
      .items()
      .map((each) => container(each, true)),
    ...spec
      .get("containers")
      .items()
      .map((each) => container(each, false)),
  ];
  function container(each: Cursor, init: boolean): Container {
    return { ...shared, file: each.file, line: each.line, node: each, init, name: each.get("name").text };
  }
  world.add("pod", { object, file: spec.file, line: spec.line, spec, labels, managed: knative, job, containers });
  for (const each of containers) addContainer(world, each);
}

function addContainer(world: World, container: Container): void {
  world.add("container", container);
  const image = container.node.get("image");
  if (image.exists) world.add("image", { file: image.file, line: image.line, ref: image.text, node: image });
  for (const env of container.node.get("env").items()) {
    const value = env.get("value");
    if (value.exists)
      world.add("env", {
        file: value.file,
        line: value.line,
        name: env.get("name").text,
        value: value.text,
        where: "kubernetes",
        testing: false,
      });
  }
  for (const part of [...container.node.get("command").items(), ...container.node.get("args").items()]) {
    if (/[\s|;&]/.test(part.text)) addShell(world, part, "container");
  }
}

/** The command and arguments of a container as one line, to search in. */
export function commandOf(node: Cursor): string {
  return [...node.get("command").texts(), ...node.get("args").texts()].join(" ");
}
