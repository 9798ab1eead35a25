import { SERVER_ENTRY } from "@slipway/contracts/server-command.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { migrationSettings, releaseOf } from "#render/settings.ts";
import { type Context, labelsOf, manifest, type Manifest, nameOf } from "./manifest.ts";
import { CONTAINER_SECURITY, envOf, POD_SECURITY, TMP_MOUNT, TMP_VOLUME } from "./pod.ts";
import { externalSecrets, secretNames } from "./secrets.ts";
import { jobPolicy } from "./network.ts";
import { sum } from "./workload.ts";

// Production's settings want them, also of a process that only migrates.
const MIGRATION_SECRETS = ["DATABASE_URL", "ENCRYPTION_KEY", "MIGRATION_DATABASE_URL"];
const BACKUP_SECRETS = ["BACKUP_DATABASE_URL"];

/** Migrations as a step of their own: pods of the new release are not ready before they have run. */
export function migration(context: Context): readonly Manifest[] {
  const { spec } = context;
  if (spec.data.postgres === undefined) return [];
  const settings = migrationSettings(spec);
  const job = manifest(
    context,
    ["batch/v1", "Job"],
    ["migrate", jobSuffix(context, sum(spec.images.app + JSON.stringify(settings)))],
    {
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: 900,
        ttlSecondsAfterFinished: 86_400,
        template: {
          metadata: { labels: labelsOf(context, "migrate") },
          spec: {
            ...podBase(context, "migrate"),
            containers: [
              {
                ...containerBase("migrate", spec.images.app, "256Mi"),
                command: ["node", SERVER_ENTRY, "migrate", "--grant-to", spec.data.postgres.login],
                env: envOf(settings),
                envFrom: secretNames(context, "migrate", MIGRATION_SECRETS).map((name) => ({ secretRef: { name } })),
                volumeMounts: [TMP_MOUNT],
              },
            ],
            volumes: [TMP_VOLUME],
          },
        },
      },
    },
    {
      annotations: { "argocd.argoproj.io/hook": "Sync", "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation" },
    },
  );
  return [...externalSecrets(context, "migrate", MIGRATION_SECRETS), jobPolicy(context, "migrate", false), job];
}

/** The name of a Job stands in a label of its pods. */
const LONGEST_JOB_NAME = 63;

/** A Job cannot be changed: each image and its settings have their own. The release is in the name where there is room for it. */
function jobSuffix(context: Context, unique: string): string {
  const readable = `migrate-${releaseOf(context.spec).slice(0, 12)}-${unique}`;
  return nameOf(context, readable).length <= LONGEST_JOB_NAME ? readable : `migrate-${unique}`;
}

/** A dump every day, read back before it is uploaded to object storage with the pod's own identity. */
export function backup(context: Context): readonly Manifest[] {
  const { spec } = context;
  const backups = spec.data.postgres?.backups;
  if (backups === undefined) return [];
  const cronJob = manifest(context, ["batch/v1", "CronJob"], ["backup", "backup"], {
    spec: {
      schedule: backups.schedule,
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          backoffLimit: 2,
          activeDeadlineSeconds: 7200,
          template: {
            metadata: { labels: { ...labelsOf(context, "backup"), ...context.provider.identityLabels } },
            spec: backupPod(context, backups.bucket),
          },
        },
      },
    },
  });
  return [...externalSecrets(context, "backup", BACKUP_SECRETS), jobPolicy(context, "backup", true), cronJob];
}

function backupPod(context: Context, bucket: string): Readonly<Record<string, unknown>> {
  const { spec, provider } = context;
  const postgres = imageOf(context, "postgres", "pg_dump of backups");
  const rclone = imageOf(context, "rclone", "uploading backups");
  const { backend, env } = provider.rclone(spec);
  const dump = { name: "backup", mountPath: "/backup" };
  const tool = (name: string, command: readonly string[]) => ({
    ...containerBase(name, postgres, "256Mi"),
    command,
    volumeMounts: [TMP_MOUNT, dump],
  });
  return {
    ...podBase(context, "backup"),
    initContainers: [
      {
        ...tool("dump", ["pg_dump", "--format=custom", "--file=/backup/dump", "--dbname=$(BACKUP_DATABASE_URL)"]),
        envFrom: secretNames(context, "backup", BACKUP_SECRETS).map((name) => ({ secretRef: { name } })),
      },
      // A dump that cannot be read is no backup.
      tool("verify", ["pg_restore", "--list", "--file=/tmp/list", "/backup/dump"]),
    ],
    containers: [
      {
        ...containerBase("upload", rclone, "256Mi"),
        command: ["/bin/sh", "-euc"],
        args: [UPLOAD],
        env: envOf({ ...env, FOLDER: `:${backend}:${bucket}/${spec.name}`, HOME: "/tmp" }),
        volumeMounts: [TMP_MOUNT, { ...dump, readOnly: true }],
      },
    ],
    volumes: [TMP_VOLUME, { name: "backup", emptyDir: { sizeLimit: spec.data.postgres?.storage } }],
  };
}

// rclone compares checksums after copying; the last line fails when the object is not there.
const UPLOAD = [
  'object="$FOLDER/$(date -u +%Y/%m/%d/%H%M%SZ).dump"',
  'rclone copyto --immutable --retries 5 /backup/dump "$object"',
  'rclone lsf --format s "$object" | grep -q "^[1-9]"',
].join("\n");

/** The image by digest. Throws `spec_incomplete`. */
function imageOf({ spec }: Context, name: "postgres" | "rclone", purpose: string): string {
  const image = spec.images[name];
  if (image !== undefined) return image;
  throw new SlipwayError("spec_incomplete", `The file does not say which image does ${purpose}.`, {
    hint: `Add \`images: { ${name}: registry.example/${name}@sha256:… }\`.`,
  });
}

function podBase(context: Context, component: string): Readonly<Record<string, unknown>> {
  return {
    serviceAccountName: nameOf(context, component),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: "Never",
    securityContext: POD_SECURITY,
  };
}

function containerBase(name: string, image: string, memory: string): Readonly<Record<string, unknown>> {
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    resources: {
      requests: { cpu: "100m", memory, "ephemeral-storage": "64Mi" },
      limits: { memory, ...(name === "migrate" ? { "ephemeral-storage": "256Mi" } : {}) },
    },
    securityContext: CONTAINER_SECURITY,
  };
}
