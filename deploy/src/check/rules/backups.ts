import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import { commandOf } from "../subjects/kubernetes.ts";
import type { Container } from "../subjects/topics.ts";

const DUMPS = /\b(pg_dump(all)?|mysqldump|mariadb-dump|mongodump|redis-cli\s+--rdb|pg_basebackup)\b/;
const UPLOADS =
  /\b(aws\s+s3|gcloud\s+storage|gsutil|az\s+storage|azcopy|rclone|mc\s+(cp|pipe|mirror)|s3cmd|restic|wal-g|s5cmd)\b/;
/** Which upload tools the images have, by what their names hold; a database's own image has none. */
const TOOLS: readonly (readonly [RegExp, RegExp])[] = [
  [/\baws\s+s3\b/, /aws|amazon/i],
  [/\b(gcloud\s+storage|gsutil)\b/, /google|cloud-sdk|gcloud/i],
  [/\baz(\s+storage|copy)\b/, /azure|mcr\.microsoft/i],
  [/\brclone\b/, /rclone/i],
  [/\brestic\b/, /restic/i],
  [/\bmc\s+(cp|pipe|mirror)\b/, /minio|\/mc\b/i],
];
const BARE_IMAGES =
  /^(docker\.io\/)?(library\/)?(postgres|mysql|mariadb|mongo|redis|alpine|debian|ubuntu|busybox)(:|@|$)|bitnami\/(postgresql|mysql)/;

/** Rules about jobs that run by the clock, backups above all. */
export const BACKUP_RULES: readonly Rule[] = [
  rule(
    "object",
    {
      id: "cron-job-may-overlap",
      severity: "warning",
      what: "The job starts again while the one before still runs.",
      why: "Runs pile up when one is slow, and two backups may write the same file.",
      fix: "Set concurrencyPolicy: Forbid.",
      source: REFERENCES.cronJobs,
      mends: true,
    },
    ({ kind, node }, say) => {
      if (kind !== "CronJob") return;
      const policy = node.get("spec", "concurrencyPolicy");
      if (!policy.exists || policy.text === "Allow")
        say(policy, { edit: policy.exists ? policy.replaceBy("Forbid") : undefined });
    },
  ),
  rule(
    "object",
    {
      id: "cron-job-without-deadline",
      severity: "warning",
      what: "A run of the job may last for ever.",
      why: "A run that hangs blocks all that would follow, and nobody hears of it.",
      fix: "Set activeDeadlineSeconds in the job's template.",
      source: REFERENCES.cronJobs,
    },
    ({ kind, node }, say) => {
      const spec = node.get("spec", "jobTemplate", "spec");
      if (
        kind === "CronJob" &&
        !spec.has("activeDeadlineSeconds") &&
        !spec.get("template", "spec", "activeDeadlineSeconds").exists
      )
        say(spec);
    },
  ),
  rule(
    "object",
    {
      id: "cron-job-without-history-limits",
      severity: "info",
      what: "The job does not say how many finished runs are kept.",
      why: "One failed run is kept by default, so the failures before it cannot be looked at.",
      fix: "Set successfulJobsHistoryLimit and failedJobsHistoryLimit.",
      source: REFERENCES.cronJobs,
    },
    ({ kind, node }, say) => {
      const spec = node.get("spec");
      if (kind === "CronJob" && (!spec.has("failedJobsHistoryLimit") || !spec.has("successfulJobsHistoryLimit")))
        say(spec);
    },
  ),
  rule(
    "container",
    {
      id: "backup-to-scratch-volume",
      severity: "error",
      what: "The backup is written to an emptyDir and goes with its pod.",
      why: "There is no backup, though the job is green each night.",
      fix: "Send the dump to object storage, by an identity that may only write there.",
      source: REFERENCES.volumes,
    },
    (container, say) => {
      const command = commandOf(container.node);
      if (!DUMPS.test(command) || UPLOADS.test(command) || uploadsBeside(container)) return;
      const scratch = new Set(
        container.pod
          .get("volumes")
          .items()
          .filter((each) => !each.has("persistentVolumeClaim") && each.get("emptyDir").isMap)
          .map((each) => each.get("name").text),
      );
      const mount = container.node
        .get("volumeMounts")
        .items()
        .find((each) => scratch.has(each.get("name").text) && command.includes(each.get("mountPath").text));
      if (mount !== undefined) say(mount);
    },
  ),
  rule(
    "container",
    {
      id: "backup-that-saves-nothing",
      severity: "error",
      what: "The backup job dumps nothing, or keeps nothing of it.",
      why: "It is green each night, and there is nothing to restore on the day it is needed.",
      fix: "Dump to object storage and look each day whether the newest object is as old and as large as it must be.",
      source: REFERENCES.cronJobs,
    },
    (container, say) => {
      if (!container.job || container.init || !/backup|dump/i.test(`${container.object.name} ${container.name}`))
        return;
      const command = commandOf(container.node);
      if (command === "") return;
      const dumps =
        DUMPS.test(command) ||
        UPLOADS.test(command) ||
        /\.(sh|py|js|ts)\b|backup/.test(command.replace(/\becho\b[^;&|\n]*/g, ""));
      const at = container.node.has("args") ? container.node.get("args") : container.node.get("command");
      if (!dumps) say(at, { message: "The backup job only prints that it would back up." });
      else if (DUMPS.test(command) && /(>|-f|--file=?)\s*\/dev\/null/.test(command)) say(at);
    },
  ),
  rule(
    "container",
    {
      id: "backup-tool-missing",
      severity: "error",
      what: "The job calls an upload tool that its image does not have.",
      why: "The dump is made, the upload fails, and the night's backup is gone.",
      fix: "Use an image that has both tools, built and pinned for it.",
      source: REFERENCES.cronJobs,
    },
    ({ node, object }, say) => {
      const command = commandOf(node);
      const image = node.get("image").text;
      if (object.kind !== "CronJob" && object.kind !== "Job") return;
      if (/apk add|apt-get install|pip install/.test(command)) return;
      for (const [tool, has] of TOOLS) {
        const called = tool.exec(command)?.[0];
        if (called !== undefined && !has.test(image) && BARE_IMAGES.test(image)) {
          say(node.get("image"), { message: `The job calls "${called}", and ${image} has no such tool.` });
          return;
        }
      }
      const dump = /\b(pg_dump|mysqldump|mongodump)\b/.exec(command)?.[0];
      if (dump !== undefined && /amazon\/aws-cli|google.*cloud-sdk|azure-cli/.test(image))
        say(node.get("image"), { message: `The job calls "${dump}", and ${image} has no such tool.` });
    },
  ),
  rule(
    "shell",
    {
      id: "shell-pipe-hides-failure",
      severity: "error",
      what: "A failed dump is hidden by the pipe behind it.",
      why: "The shell sees the last command's success, so an empty or cut-off backup is kept as a good one.",
      fix: "Begin with `set -euo pipefail` in bash (or dump to a file first and compress it then).",
      source: REFERENCES.bash,
    },
    (shell, say) => {
      if (/pipefail|SHELL\s*\[.*pipefail/.test(shell.text)) return;
      const line = shell.lines.find((each) => new RegExp(`${DUMPS.source}[^|]*\\|(?!\\|)`).test(each.text));
      if (line !== undefined) say(line);
    },
  ),
];

/** Another container of the pod uploads what this one writes. */
function uploadsBeside({ pod }: Container): boolean {
  return [...pod.get("containers").items(), ...pod.get("initContainers").items()].some((each) =>
    UPLOADS.test(commandOf(each)),
  );
}
