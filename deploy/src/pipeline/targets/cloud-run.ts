import type { Spec } from "#spec/spec.ts";
import { word } from "#render/shell.ts";
import { askHosts, type TargetCommands } from "./commands.ts";

/** What a line of each loop knows: the file, and the region and name of the service in it. */
const EACH = [
  "for file in rendered/services/*/*.yaml; do",
  '  region=$(basename "$(dirname "$file")")',
  '  name=$(awk \'$1 == "name:" { print $2; exit }\' "$file")',
];

/** Runs lines for every service in every region. */
function each(...lines: readonly string[]): string {
  return [...EACH, ...lines.map((line) => `  ${line}`), "done"].join("\n");
}

/**
 * gcloud for Cloud Run. The rendered `deploy.sh` migrates and makes the revisions, which get no requests until they are
 * looked at; `CLOUDSDK_CORE_PROJECT` says where.
 */
export function cloudRunCommands(spec: Spec): TargetCommands {
  const project = `export CLOUDSDK_CORE_PROJECT=${word(spec.environment.project ?? "")} CLOUDSDK_CORE_DISABLE_PROMPTS=1`;
  const hosts = spec.services.flatMap(({ access, probes }) =>
    access.hosts.map((host) => [host, probes.readiness.path] as const),
  );
  const run = "gcloud run services";
  return {
    record: [
      project,
      "mkdir -p state",
      each(
        // One that is not there is no failure; one that could not be looked at is, or nothing could bring it back.
        `there=$(${run} list --region "$region" --filter "metadata.name=$name" --format 'value(metadata.name)')`,
        "shares=",
        `if [ -n "$there" ]; then shares=$(${run} describe "$name" --region "$region" --flatten 'status.traffic[]' --format 'value(status.traffic.percent,status.traffic.revisionName)'); fi`,
        "printf '%s\\n' \"$shares\" | sort -rn | awk 'NR == 1 { print $2 }' > \"state/$region-$name\"",
      ),
    ].join("\n"),
    apply: [project, "sh rendered/deploy.sh 0"].join("\n"),
    verify: [
      project,
      each(
        `made=$(${run} describe "$name" --region "$region" --format 'value(status.latestCreatedRevisionName)')`,
        `ready=$(${run} describe "$name" --region "$region" --format 'value(status.latestReadyRevisionName)')`,
        'if [ "$made" != "$ready" ]; then echo "$made is not ready in $region." >&2; exit 1; fi',
        `${run} update-traffic "$name" --region "$region" --to-latest`,
      ),
      ...askHosts(hosts),
    ].join("\n"),
    rollBack: [
      project,
      each(
        'before=$(cat "state/$region-$name")',
        'if [ -z "$before" ]; then echo "$name did not run in $region before."; continue; fi',
        `${run} update-traffic "$name" --region "$region" --to-revisions "$before=100"`,
      ),
    ].join("\n"),
  };
}
