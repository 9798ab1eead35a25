import { SERVER_ENTRY } from "@slipway/contracts/server-command.ts";
import { migrationSettings } from "#render/settings.ts";
import type { Context } from "./context.ts";
import { container, logGroup, task, taskSize } from "./fargate.ts";
import { pullImages, readSecrets, role, TASKS, writeLogs } from "./iam.ts";
import type { Output, Resources } from "./template.ts";
import { ref } from "./template.ts";

// Production's settings want them, also of a process that only migrates.
const SECRETS = ["DATABASE_URL", "ENCRYPTION_KEY", "MIGRATION_DATABASE_URL"];

/** Migrations as a task that is run once before the services are changed: new instances are not ready before it has run. */
export function migration(context: Context): Resources {
  const { spec } = context;
  if (spec.data.postgres === undefined) return {};
  const own = container(context, {
    name: "migrate",
    image: spec.images.app,
    env: migrationSettings(spec),
    secrets: SECRETS,
    logs: "StepLogs",
    more: { Command: ["node", SERVER_ENTRY, "migrate", "--grant-to", spec.data.postgres.login] },
  });
  return {
    MigrateExecutionRole: role(
      context,
      "ecs-tasks.amazonaws.com",
      [writeLogs("StepLogs"), ...pullImages([spec.images.app]), ...readSecrets(context, SECRETS)],
      { sourceArn: TASKS },
    ),
    MigrateRole: role(context, "ecs-tasks.amazonaws.com", [], { sourceArn: TASKS }),
    MigrateTask: task(context, {
      family: `${context.prefix}-migrate`,
      size: taskSize("250m", "512Mi"),
      executionRole: "MigrateExecutionRole",
      taskRole: "MigrateRole",
      containers: [own],
    }),
  };
}

/** Where steps write. */
export function stepLogs(context: Context): Resources {
  return { StepLogs: logGroup(context, "steps") };
}

/** What a pipeline needs to run the migrations: the task's revision. */
export function migrationOutputs({ spec }: Context): Readonly<Record<string, Output>> {
  if (spec.data.postgres === undefined) return {};
  return {
    MigrateTask: { value: ref("MigrateTask"), description: "Task that migrates the database, to be run first" },
  };
}
