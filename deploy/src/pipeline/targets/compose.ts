import type { Spec } from "#spec/spec.ts";
import type { TargetCommands } from "./commands.ts";

/** Docker Compose on the machine that the runner is on: files lie in a folder of their own, the release before in one beside it. */
export function composeCommands(spec: Spec): TargetCommands {
  const folder = `"$HOME/.slipway/deployments/${spec.name}-${spec.environmentName ?? "default"}"`;
  const compose = 'docker compose --file "$folder/compose.yaml"';
  const at = `folder=${folder}`;
  return {
    record: [
      at,
      'mkdir -p "$folder"',
      'rm -rf "$folder.before"',
      'if [ -f "$folder/compose.yaml" ]; then cp -a "$folder" "$folder.before"; fi',
      "# Secrets stay where they are: only what is rendered is replaced.",
      'cp -R rendered/. "$folder/"',
      'sh "$folder/make-secrets.sh"',
      `${compose} pull --quiet`,
    ].join("\n"),
    ...(spec.data.postgres === undefined ? {} : { migrate: [at, `${compose} run --rm migrate`].join("\n") }),
    apply: [at, `${compose} up --detach --wait --wait-timeout 300 --remove-orphans`].join("\n"),
    verify: [
      at,
      `${compose} ps --format json | jq --slurp --exit-status 'flatten | all(.State == "running" or .ExitCode == 0)' > "$folder/state.json"`,
      ...spec.services.map(
        ({ name, probes }) =>
          `curl --fail --silent --show-error --output /dev/null --retry 30 --retry-all-errors --retry-delay 2 --max-time 10 --header 'Host: ${name}' http://${spec.environment.publish}${probes.readiness.path}`,
      ),
    ].join("\n"),
    rollBack: [
      at,
      'if [ ! -d "$folder.before" ]; then echo "Nothing ran before."; exit 0; fi',
      'cp -R "$folder.before/." "$folder/"',
      `${compose} up --detach --wait --wait-timeout 300 --remove-orphans`,
    ].join("\n"),
  };
}
