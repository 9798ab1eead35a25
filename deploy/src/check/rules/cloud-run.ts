import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import { CLOUD_RUN_ANNOTATIONS } from "./data/cloud-run-annotations.ts";

const OURS = /^(run\.googleapis\.com|autoscaling\.knative\.dev)\//;
// Written back by the platform, so they stand in what was exported from it.
const WRITTEN_BACK =
  /^run\.googleapis\.com\/(ingress-status|operation-id|urls|satisfiesPzs|lastModifier|lastUpdatedTime|linux-base-image-update)$/;

/** What runs there, by version. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["Service", "serving.knative.dev/v1"],
  ["Job", "run.googleapis.com/v1"],
  ["WorkerPool", "run.googleapis.com/v1"],
]);

function annotations(node: Cursor): readonly Cursor[] {
  const places = [node, node.get("spec", "template"), node.get("spec", "template", "spec", "template")];
  return places.flatMap((place) => place.get("metadata", "annotations").entries());
}

/** Cores of an amount such as `1`, `2.5` or `500m`. */
function cores(text: string): number {
  return text.endsWith("m") ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

/** Rules about what Cloud Run refuses or passes over when it takes a file. */
export const CLOUD_RUN_RULES: readonly Rule[] = [
  rule(
    "object",
    {
      id: "cloud-run-yaml-kind-unknown",
      severity: "error",
      what: "The file is for Cloud Run and of a kind that it does not take, or describes no container.",
      why: "It is refused, or taken as something else, when it is deployed.",
      fix: "Write kind: Service with serving.knative.dev/v1, or kind: Job with run.googleapis.com/v1, and a template with containers.",
      source: REFERENCES.cloudRunYaml,
    },
    ({ node, apiVersion, kind }, say) => {
      const meant =
        annotations(node).some(({ key }) => key.startsWith("run.googleapis.com/")) ||
        node.get("metadata", "labels").has("cloud.googleapis.com/location") ||
        apiVersion === "run.googleapis.com/v1";
      if (!meant) return;
      const template = node.get("spec", "template");
      const pod = kind === "Job" ? template.get("spec", "template") : template;
      if (KINDS.get(kind) !== apiVersion) say(node.get("kind"));
      else if (pod.get("spec", "containers").items().length === 0) say(node.get("kind"));
    },
  ),
  rule(
    "object",
    {
      id: "cloud-run-yaml-annotation-unknown",
      severity: "error",
      what: "Cloud Run does not know the annotation, or not what it says.",
      why: "The setting that was meant is not in force: ingress, scaling or network are the default's.",
      fix: "Write it as Cloud Run's YAML reference has it.",
      source: REFERENCES.cloudRunYaml,
    },
    ({ node }, say) => {
      for (const each of annotations(node)) {
        if (!OURS.test(each.key) || WRITTEN_BACK.test(each.key)) continue;
        const known = CLOUD_RUN_ANNOTATIONS.get(each.key);
        if (known === undefined) {
          const knative =
            each.key.startsWith("autoscaling.") && node.get("apiVersion").text !== "serving.knative.dev/v1";
          if (!knative) say(each, { message: `Cloud Run knows no annotation ${each.key}.` });
        } else if (!known.test(each.text)) say(each, { message: `${each.key} cannot be "${each.text.slice(0, 60)}".` });
      }
    },
  ),
  rule(
    "container",
    {
      id: "cloud-run-yaml-refused",
      severity: "error",
      what: "Cloud Run refuses the container as it is described.",
      why: "The release ends with an error of the platform.",
      fix: "Stay within what Cloud Run allows.",
      source: REFERENCES.cloudRunYaml,
    },
    ({ node, managed, pod }, say) => {
      if (!managed) return;
      for (const each of node.get("env").items())
        if (/^(PORT|K_SERVICE|K_REVISION|K_CONFIGURATION)$/.test(each.get("name").text))
          say(each, { message: `${each.get("name").text} is set by Cloud Run and may not stand in the file.` });
      const cpu = node.get("resources", "limits", "cpu");
      if (cpu.exists && !(cores(cpu.text) <= 1 || [2, 4, 6, 8].includes(cores(cpu.text))))
        say(cpu, { message: `${cpu.text} is no number of cores that an instance can have: at most 1, or 2, 4, 6, 8.` });
      const concurrency = pod.get("containerConcurrency");
      if (concurrency.number > 1000)
        say(concurrency, { message: "An instance answers at most 1000 requests at once." });
      const timeout = pod.get("timeoutSeconds");
      if (timeout.number > 3600 && concurrency.exists) say(timeout, { message: "A request takes at most 3600 s." });
      for (const [probe, name] of ["startupProbe", "livenessProbe", "readinessProbe"].map(
        (key) => [node.get(key), key] as const,
      )) {
        const period = probe.has("periodSeconds") ? probe.get("periodSeconds").number : 10;
        if (probe.get("timeoutSeconds").number > period)
          say(probe, { message: `An answer to ${name} may not take longer than its period of ${period} s.` });
        if (name === "startupProbe" && period * (probe.get("failureThreshold").number || 3) > 240)
          say(probe, { message: "A container has at most 240 s to start (period × failures)." });
      }
    },
  ),
];
