import type { Spec } from "#spec/spec.ts";
import type { TargetCommands } from "./commands.ts";

/** Copies what was rendered from one folder to another. Secrets stay where they are: they are read-only, and may have been changed since. */
const copyRendered = (from: string, to: string): string =>
  `tar -C "${from}" --exclude ./secrets -cf - . | tar -C "${to}" -xf -`;

/**
 * Docker Compose on the machine that the runner is on. The files lie in a folder of their own, and change when the release is applied:
 * the server follows its own while it runs. Those of the release that was verified last lie in one beside it.
 */
export function composeCommands(spec: Spec): TargetCommands {
  const folder = `"$HOME/.slipway/deployments/${spec.name}-${spec.environmentName ?? "default"}"`;
  const compose = 'docker compose --project-directory "$folder" --file "$folder/compose.yaml"';
  const planned = 'docker compose --project-directory "$folder" --file rendered/compose.yaml';
  const at = `folder=${folder}`;
  return {
    record: [
      at,
      'mkdir -p "$folder"',
      "# One that an earlier pipeline left.",
      'if [ ! -d "$folder.verified" ] && [ -f "$folder/compose.yaml" ]; then',
      '  mkdir "$folder.verified"',
      `  ${copyRendered("$folder", "$folder.verified")}`,
      "fi",
      'cp rendered/make-secrets.sh "$folder/"',
      'sh "$folder/make-secrets.sh"',
      `${planned} pull --quiet`,
    ].join("\n"),
    ...(spec.data.postgres === undefined ? {} : { migrate: [at, `${planned} run --rm migrate`].join("\n") }),
    apply: [
      at,
      'cp -R rendered/. "$folder/"',
      `${compose} up --detach --wait --wait-timeout 300 --remove-orphans`,
    ].join("\n"),
    verify: [
      at,
      `${compose} ps --format json | jq --slurp --exit-status 'flatten | all(.State == "running" or .ExitCode == 0)' > "$folder/state.json"`,
      ...spec.services.map(
        ({ name, probes }) =>
          `curl --fail --silent --show-error --output /dev/null --retry 30 --retry-all-errors --retry-delay 2 --max-time 10 --header 'Host: ${name}' http://${spec.environment.publish}${probes.readiness.path}`,
      ),
      'rm -rf "$folder.verifying"',
      'mkdir "$folder.verifying"',
      copyRendered("$folder", "$folder.verifying"),
      'rm -rf "$folder.verified"',
      'mv "$folder.verifying" "$folder.verified"',
    ].join("\n"),
    rollBack: [
      at,
      'if [ ! -d "$folder.verified" ]; then echo "Nothing ran before."; exit 0; fi',
      'cp -R "$folder.verified/." "$folder/"',
      `${compose} up --detach --wait --wait-timeout 300 --remove-orphans`,
    ].join("\n"),
  };
}
