import type { Spec } from "#spec/spec.ts";
import { word } from "#render/shell.ts";
import { deployCommand, migrateCommands } from "../../targets/aws/commands.ts";
import { askHosts, forEach, type TargetCommands } from "./commands.ts";

/**
 * CloudFormation, for ECS and Lambda alike: in each region the stacks `data` (where it is made there) and `base`, the migrations
 * as a task of `base`, then `services`. ECS and CodeDeploy shift requests themselves and go back on an alarm, and so does the
 * stack; what answered and is bad nonetheless goes back to the template before.
 */
export function amazonCommands(spec: Spec): TargetCommands {
  const prefix = `${spec.name}-${spec.environmentName ?? "default"}`;
  const regions = spec.environment.regions.map(word);
  const bucket = (spec.environment.delivery?.bucket ?? "").replaceAll("{region}", "$region");
  const inRegions = (...lines: readonly string[]): string => forEach("region", regions, lines);
  const stacks = (names: string, template: string): readonly string[] => [
    `for stack in ${names}; do`,
    `  if [ -f "${template}" ]; then`,
    `    ${deployCommand({ region: '"$region"', stack: `"${prefix}-$stack"`, template: `"${template}"`, bucket: `"${bucket}"` })}`,
    "  fi",
    "done",
  ];
  const hosts = spec.services.flatMap(({ access, probes }) =>
    access.hosts.map((host) => [host, probes.readiness.path] as const),
  );
  const rendered = "rendered/$region/$stack.yaml";
  return {
    record: [
      "mkdir -p state",
      inRegions(
        `if ! aws cloudformation get-template --region "$region" --stack-name ${prefix}-services --template-stage Original --query TemplateBody --output text > "state/$region.yaml" 2> state/said; then`,
        // One that is not there is no failure; one that could not be looked at is, or nothing could bring it back.
        '  grep -q "does not exist" state/said || { cat state/said >&2; exit 1; }',
        '  rm -f "state/$region.yaml"',
        "fi",
      ),
    ].join("\n"),
    ...(spec.data.postgres === undefined
      ? {}
      : { migrate: inRegions(...stacks("data base", rendered), ...migrateLines(prefix, regions[0] ?? "")) }),
    apply: inRegions(...stacks(spec.data.postgres === undefined ? "data base services" : "services", rendered)),
    verify: [
      inRegions(
        `status=$(aws cloudformation describe-stacks --region "$region" --stack-name ${prefix}-services --query 'Stacks[0].StackStatus' --output text)`,
        'case "$status" in CREATE_COMPLETE | UPDATE_COMPLETE) ;; *) echo "The services of $region are $status." >&2; exit 1 ;; esac',
      ),
      ...askHosts(hosts),
    ].join("\n"),
    rollBack: inRegions(
      'if [ ! -s "state/$region.yaml" ]; then echo "Nothing ran in $region before."; continue; fi',
      ...stacks("services", "state/$region.yaml"),
    ),
  };
}

/** Runs the migrations as a task in the leading region, whose database is everyone's, and waits for its exit code. */
function migrateLines(prefix: string, lead: string): readonly string[] {
  return [
    `if [ "$region" != ${lead} ]; then continue; fi`,
    // The services' own: they are in the template, and no stack exports them.
    ...migrateCommands(
      '"$region"',
      prefix,
      "$(awk '/(AwsvpcConfiguration|VpcConfig):$/ { on = 1 } on && $2 ~ /^subnet-/ { print $2 } on && /SecurityGroup/ { exit }' \"rendered/$region/services.yaml\" | paste -sd , -)",
    ),
    'if [ "$code" != 0 ]; then echo "The migrations ended with $code in $region." >&2; exit 1; fi',
  ];
}
