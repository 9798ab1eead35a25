import type { Spec } from "#spec/spec.ts";
import { word } from "#render/shell.ts";
import { askHosts, type TargetCommands } from "./commands.ts";

/** The version of Railway's CLI on npm (2026-09-29), https://docs.railway.com/cli. */
const CLI = "@railway/cli@5.63.1";

/**
 * Railway's CLI. Migrations are the first service's pre-deploy command, and a deployment that does not become healthy is never
 * switched to; only a deployment that answered and is bad nonetheless is rolled back by a person, because the CLI cannot
 * (https://docs.railway.com/deployments/deployment-actions).
 */
export function railwayCommands(spec: Spec): TargetCommands {
  const { project = "", environmentName } = {
    ...spec.environment,
    environmentName: spec.environmentName ?? "production",
  };
  const target = `--project ${word(project)} --environment ${environmentName}`;
  const hosts = spec.services.flatMap(({ access, probes }) =>
    access.hosts.map((host) => [host, probes.readiness.path] as const),
  );
  return {
    connect: { script: `npm install --global ${CLI}` },
    record: "mkdir -p state\nrailway status --json > state/before.json",
    apply: spec.services
      .map(({ name }) => `railway up rendered/${name} --path-as-root ${target} --service ${name} --ci`)
      .join("\n"),
    verify: [
      ...spec.services.flatMap(({ name }) => [
        "deadline=$((SECONDS + 600))",
        `until status=$(railway deployment list --environment ${environmentName} --service ${name} --limit 1 --json | jq --raw-output '.[0].status') && [ "$status" = SUCCESS ]; do`,
        `  case "$status" in FAILED | CRASHED | REMOVED) echo "${name}: $status" >&2; exit 1 ;; esac`,
        `  if [ "$SECONDS" -gt "$deadline" ]; then echo "${name} is still $status." >&2; exit 1; fi`,
        "  sleep 5",
        "done",
      ]),
      ...askHosts(hosts),
    ].join("\n"),
    rollBack: [
      'echo "Railway goes on with the last deployment that was healthy. One that answered and is bad is rolled back in the" >&2',
      'echo "dashboard: Deployments, the one before, Rollback." >&2',
    ].join("\n"),
  };
}
