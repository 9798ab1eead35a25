import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import { commandOf } from "../subjects/kubernetes.ts";
import { MIGRATES } from "./workloads.ts";

/** Rules about what containers do, wherever they run. */
export const RUNTIME_RULES: readonly Rule[] = [
  rule(
    "env",
    {
      id: "logs-to-file",
      severity: "warning",
      what: "The program writes its log to a file inside the container.",
      why: "Nothing collects the file, it goes with the container, and under a read-only root it cannot be written at all.",
      fix: "Log to standard output, one JSON object a line.",
      source: REFERENCES.logging,
    },
    ({ name, value, where, file, line }, say) => {
      if (
        where !== "workflow" &&
        /^(LOG|LOGGING)_?(FILE|PATH|DIR|FILENAME|FILE_PATH)$/i.test(name) &&
        /[\w/]/.test(value) &&
        !/^\/dev\/(stdout|stderr)$|^(-|none|false|stdout)$/.test(value)
      )
        say({ file, line });
    },
  ),
  rule(
    "container",
    {
      id: "logs-to-volume",
      severity: "warning",
      what: "The container keeps its log in files.",
      why: "The platform's log collector does not see them, and they fill the disk or go with the pod.",
      fix: "Log to standard output and take the volume away.",
      source: REFERENCES.logging,
    },
    ({ node }, say) => {
      const mount = node
        .get("volumeMounts")
        .items()
        .find((each) => /(^|\/)logs?$/.test(each.get("mountPath").text));
      if (mount !== undefined) say(mount);
      else if (/--log-?file[= ]\S|>>?\s*\/\S*\.log\b/.test(commandOf(node)))
        say(node.has("args") ? node.get("args") : node.get("command"));
    },
  ),
  rule(
    "container",
    {
      id: "container-started-by-npm",
      severity: "warning",
      what: "A package manager is process 1 of the container.",
      why: "It does not hand SIGTERM on reliably, so the program is killed in the middle of its requests at every release.",
      fix: 'Start the program itself: command: ["node", "server.js"].',
      source: REFERENCES.dockerPractice,
    },
    ({ node }, say) => {
      if (byPackageManager(commandOf(node))) say(node.has("command") ? node.get("command") : node.get("args"));
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-started-by-npm",
      severity: "warning",
      what: "A package manager is process 1 of the container.",
      why: "It does not hand SIGTERM on reliably, so the program is killed in the middle of its requests at every release.",
      fix: 'Start the program itself: CMD ["node", "server.js"].',
      source: REFERENCES.dockerPractice,
    },
    ({ stages }, say) => {
      const start = stages.at(-1)?.instructions.filter(({ name }) => name === "CMD" || name === "ENTRYPOINT") ?? [];
      for (const each of start) if (byPackageManager(each.args.replace(/[[\]",]+/g, " "))) say(each);
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-migrations-at-start",
      severity: "error",
      what: "Every container of this image runs the database migrations when it starts.",
      why: "Replicas race for the lock, a long migration looks like a failed start, and a rollback cannot go back.",
      fix: "Start the server alone and run migrations as a step of the pipeline.",
      source: REFERENCES.initContainers,
    },
    ({ stages }, say) => {
      for (const each of stages.at(-1)?.instructions ?? [])
        if (
          (each.name === "CMD" || each.name === "ENTRYPOINT") &&
          MIGRATES.test(each.args.replace(/[[\]",]+/g, " ")) &&
          /&&|;/.test(each.args)
        )
          say(each);
    },
  ),
  rule(
    "service",
    {
      id: "compose-migrations-at-start",
      severity: "warning",
      what: "The service runs the database migrations each time it starts.",
      why: "With more than one of it they race, and a long one looks like a failed start.",
      fix: "Give migrations a service of their own that ends, and let the others wait for service_completed_successfully.",
      source: REFERENCES.composeOrder,
    },
    ({ node }, say) => {
      const command = node.get("command");
      const text = command.texts().join(" ");
      if (MIGRATES.test(text) && /&&|;|\n/.test(text)) say(command);
    },
  ),
  rule(
    "world",
    {
      id: "docker-socket-mounted",
      severity: "error",
      what: "The container engine's socket is mounted.",
      why: "Whoever can write to it is root on the machine.",
      fix: "Build images with a builder that needs no socket (BuildKit rootless, kaniko's successors, a cloud build), and take the mount away.",
      source: REFERENCES.dockerSecurity,
    },
    (world, say) => {
      const socket = /(docker|containerd|podman|crio)\.sock\b/;
      for (const { spec } of world.subjects.pod)
        for (const volume of spec.get("volumes").items())
          if (socket.test(volume.get("hostPath", "path").text)) say(volume.get("hostPath", "path"));
      for (const { node } of world.subjects.service)
        for (const volume of node.get("volumes").items()) {
          const source = volume.isMap ? volume.get("source") : volume;
          if (socket.test(source.text)) say(source);
        }
    },
  ),
];

function byPackageManager(command: string): boolean {
  return /^\s*((ba|da)?sh\s+-\w*c\s+["']?\s*)?(npm|yarn|pnpm)\s+(run\s+)?(start|serve|dev|production|prod|preview)\b/.test(
    command.trim().replace(/\s+/g, " "),
  );
}
