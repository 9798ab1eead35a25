import { SERVER_ENTRY } from "@slipway/contracts/server-command.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { migrationSettings } from "#render/settings.ts";
import { envOf, networkOf, remoteSecrets, secretsNamed } from "./container.ts";
import { type Context, identityOf, labelsOf, nameOf } from "./context.ts";

type Values = Readonly<Record<string, unknown>>;

/** Secrets of each job: production's settings want the first two, also of a process that only migrates. */
export const JOB_SECRETS = {
  migrate: ["DATABASE_URL", "ENCRYPTION_KEY", "MIGRATION_DATABASE_URL"],
  backup: ["BACKUP_DATABASE_URL"],
} as const;

/** The jobs that a system has. */
export function jobsOf({ spec: { data } }: Context): readonly (keyof typeof JOB_SECRETS)[] {
  if (data.postgres === undefined) return [];
  return data.postgres.backups === undefined ? ["migrate"] : ["migrate", "backup"];
}

/** A job in the leading region, as `gcloud run jobs replace` takes it. */
export function jobManifest(context: Context, job: keyof typeof JOB_SECRETS): Values {
  return job === "migrate" ? migration(context) : backup(context);
}

/** Migrations as a step before the new release, with the login that owns the tables. */
function migration(context: Context): Values {
  const { spec } = context;
  return job(context, "migrate", {
    retries: 3,
    seconds: 900,
    container: {
      name: "migrate",
      image: spec.images.app,
      command: ["node", SERVER_ENTRY, "migrate"],
      args: ["--grant-to", spec.data.postgres?.login ?? ""],
      env: envOf(
        context,
        { ...migrationSettings(spec), LOG_FORMAT: "google" },
        secretsNamed(context, JOB_SECRETS.migrate),
      ),
      resources: { limits: { cpu: "1", memory: "512Mi" } },
    },
  });
}

// The bucket is mounted, so the dump needs no room of its own: what it may hold in memory is bounded. It is read back where it
// lies; the account may create and read objects, so no run can change what an earlier one left.
const DUMP = [
  'file="/backup/$FOLDER-$(date -u +%Y-%m-%dT%H%M%SZ).dump"',
  'pg_dump --format=custom --dbname="$BACKUP_DATABASE_URL" > "$file"',
  'pg_restore --list "$file" > /tmp/list',
  "grep -q TABLE /tmp/list",
].join("\n");

/** A dump a day to object storage, by the job's own identity. */
function backup(context: Context): Values {
  const { spec } = context;
  const backups = spec.data.postgres?.backups;
  const image = spec.images.postgres;
  if (image === undefined || backups === undefined)
    throw new SlipwayError("spec_incomplete", "The file does not say which image does pg_dump of backups.", {
      hint: "Add `images: { postgres: registry.example/postgres@sha256:… }`.",
    });
  return job(context, "backup", {
    retries: 2,
    seconds: 7200,
    container: {
      name: "backup",
      image,
      command: ["/bin/bash", "-euo", "pipefail", "-c"],
      args: [DUMP],
      env: envOf(context, { FOLDER: spec.name }, secretsNamed(context, JOB_SECRETS.backup)),
      resources: { limits: { cpu: "1", memory: "2048Mi" } },
      volumeMounts: [{ name: "backup", mountPath: "/backup" }],
    },
    volumes: [
      {
        name: "backup",
        csi: {
          driver: "gcsfuse.run.googleapis.com",
          readOnly: false,
          volumeAttributes: { bucketName: backups.bucket, mountOptions: "implicit-dirs" },
        },
      },
    ],
  });
}

interface JobBody {
  readonly retries: number;
  readonly seconds: number;
  readonly container: Values;
  readonly volumes?: readonly Values[];
}

function job(context: Context, component: keyof typeof JOB_SECRETS, body: JobBody): Values {
  const name = nameOf(context, component);
  const [region] = context.regions;
  return {
    apiVersion: "run.googleapis.com/v1",
    kind: "Job",
    metadata: {
      name,
      labels: { "cloud.googleapis.com/location": region, ...labelsOf(context, component) },
    },
    spec: {
      template: {
        metadata: {
          labels: labelsOf(context, component),
          annotations: {
            "run.googleapis.com/execution-environment": "gen2",
            ...networkOf(context, name),
            ...remoteSecrets(context, secretsNamed(context, JOB_SECRETS[component])),
          },
        },
        spec: {
          parallelism: 1,
          taskCount: 1,
          template: {
            spec: {
              maxRetries: body.retries,
              timeoutSeconds: String(body.seconds),
              serviceAccountName: identityOf(context, component).email,
              containers: [body.container],
              ...(body.volumes ? { volumes: body.volumes } : {}),
            },
          },
        },
      },
    },
  };
}
