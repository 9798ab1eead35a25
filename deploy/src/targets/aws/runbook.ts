import { commands } from "#render/commands.ts";
import type { Service } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";
import { deployCommand, migrateCommands, outputCommand } from "./commands.ts";
import type { Context, Contexts } from "./context.ts";

/** What a platform of AWS adds to what all of them have in common. */
export type PlatformRunbook = Pick<Runbook, "rollBack" | "callPrivate"> & {
  /** Lines that tell where the hosts of public services lead. */
  readonly addresses: (context: Context) => readonly string[];
  /** Lines for one service in one region. */
  readonly debugService: (context: Context, service: Service) => readonly string[];
};

/** What people do with Amazon's own CLI alone. Of `contexts` the first leads. */
export function awsRunbook(contexts: Contexts, platform: PlatformRunbook): Runbook {
  const [lead] = contexts;
  const buckets = contexts.map((context) => `aws s3 mb s3://${bucketOf(context)} --region ${context.region}`);
  const given = lead.spec.environment.delivery?.bucket !== undefined;
  return {
    needs: `The AWS CLI, version 2, signed in as somebody who may administer the account${account(lead)}, and in each region a bucket by which templates over 51,200 bytes go${given ? "" : `: put its name in place of \`${contexts.map(bucketOf).join("`, `")}\``}.\n\n${commands("aws sts get-caller-identity", ...buckets)}`,
    bootstrap: bootstrap(contexts, platform),
    deploy: deploy(contexts),
    rollBack: platform.rollBack,
    callPrivate: platform.callPrivate,
    debug: commands(...debug(lead, platform)),
  };
}

function account({ spec }: Context): string {
  return spec.environment.account === undefined ? "" : ` ${spec.environment.account}`;
}

function bucketOf({ spec, region }: Context): string {
  return (spec.environment.delivery?.bucket ?? "BUCKET-{region}").replaceAll("{region}", region);
}

/** Deploys a stack of the region. */
function deployStack(context: Context, name: "data" | "base" | "services"): string {
  const { region, prefix } = context;
  return deployCommand({
    region,
    stack: `${prefix}-${name}`,
    template: `${region}/${name}.yaml`,
    bucket: bucketOf(context),
  });
}

/** The resource that a stack made under a logical id, as a word of a shell. */
export function madeAs({ region, prefix }: Context, stack: "data" | "services", id: string): string {
  return `"$(aws cloudformation describe-stack-resource --region ${region} --stack-name ${prefix}-${stack} --logical-resource-id ${id} --query StackResourceDetail.PhysicalResourceId --output text)"`;
}

function bootstrap(contexts: Contexts, { addresses }: PlatformRunbook): string {
  const [lead] = contexts;
  const { spec, aws, region } = lead;
  const managed = aws.data === "managed";
  const hosts = spec.services.flatMap(({ access }) => access.hosts);
  const mails = aws.alarmEmails.length > 0 ? " Each address that alarms go to confirms the mail that it gets." : "";
  const named = hosts.length === 0 || aws.hostedZone !== undefined;
  const names = named ? "" : `\nThen lead ${hosts.join(", ")} to:\n\n${commands(...contexts.flatMap(addresses))}`;
  return `Stacks in this order; each can be deployed again.\n\n${commands(
    ...(managed ? [deployStack(lead, "data")] : []),
    ...contexts.map((context) => deployStack(context, "base")),
  )}\n${data(contexts)}\nSecrets, once; another value later is \`aws secretsmanager put-secret-value --secret-id NAME\`:\n\n${commands(...secrets(lead))}\nThen what follows under Deploy.${mails}\n${names}${
    spec.environment.budget === undefined
      ? ""
      : `\nThe budget counts by tags, a day after they are seen for the first time:\n\n${commands(`aws ce update-cost-allocation-tags-status --region ${region} --cost-allocation-tags-status TagKey=slipway:system,Status=Active TagKey=slipway:environment,Status=Active`)}`
  }`;
}

/** How the database gets its login, or lets the services in. */
function data(contexts: Contexts): string {
  const [lead] = contexts;
  const { spec, aws, region, prefix } = lead;
  const { postgres, redis } = spec.data;
  if (aws.data !== "managed")
    return `The database and Redis are yours: they let the services in.\n\n${commands(
      ...contexts.flatMap((context) => [
        `group=${outputCommand(context.region, `${prefix}-base`, "WorkloadSecurityGroup")}`,
        ...[postgres, redis].flatMap((store) =>
          store === undefined
            ? []
            : [
                `aws ec2 authorize-security-group-ingress --region ${context.region} --group-id GROUP_OF_PORT_${store.port} --protocol tcp --port ${store.port} --source-group "$group"`,
              ],
        ),
      ]),
    )}`;
  if (postgres === undefined) return "";
  const output = (name: string): string => outputCommand(region, `${prefix}-data`, name);
  return `The server gets a login of its own that owns nothing. In CloudShell, in an environment of the VPC with a private subnet and the group that the stack \`${prefix}-base\` calls \`WorkloadSecurityGroup\`; \`psql\` asks for the login's password:\n\n${commands(
    `owner=$(aws secretsmanager get-secret-value --region ${region} --secret-id "${output("DatabaseOwnerSecret")}" --query SecretString --output text)`,
    `PGPASSWORD=$(echo "$owner" | jq --raw-output .password) psql "host=${output("DatabaseAddress")} port=${postgres.port} dbname=slipway user=slipway_owner sslmode=require" --command 'create role ${postgres.login} login noinherit' --command '\\password ${postgres.login}'`,
    "# the owner's password as MIGRATION_DATABASE_URL has it",
    `echo "$owner" | jq --raw-output '.password | @uri'`,
    ...(redis === undefined
      ? []
      : [
          "# REDIS_URL",
          `echo "rediss://:$(aws secretsmanager get-secret-value --region ${region} --secret-id "${output("RedisTokenSecret")}" --query SecretString --output text)@${output("RedisAddress")}:${redis.port}"`,
        ]),
  )}\nRDS gives the owner another password every seven days: write it into \`MIGRATION_DATABASE_URL\` before migrations.\n`;
}

/** A line for each secret, with its fields where it is a JSON object. */
function secrets({ spec, region: own, aws }: Context): readonly string[] {
  const fields = new Map<string, Set<string>>();
  for (const { place } of spec.secrets) {
    const key = `--region ${place.region ?? own} --name ${place.name}`;
    const known = fields.get(key) ?? new Set();
    fields.set(key, place.field === undefined ? known : known.add(place.field));
  }
  const key = aws.secretsKey === undefined ? "" : ` --kms-key-id ${aws.secretsKey}`;
  return [...fields]
    .map(([place, names]) => {
      const object = Object.fromEntries([...names].sort().map((name) => [name, "VALUE"]));
      const value = names.size === 0 ? "VALUE" : `'${JSON.stringify(object)}'`;
      return `printf %s ${value} | aws secretsmanager create-secret ${place}${key} --secret-string file:///dev/stdin`;
    })
    .sort();
}

function deploy(contexts: Contexts): string {
  const [lead] = contexts;
  const { spec, region, prefix, network } = lead;
  const files = contexts.map((context) => `${context.region}/base.yaml ${context.region}/services.yaml`).join(" ");
  const [image] = spec.images.app.split("@");
  const release = '"$(printf %.12s "${new#sha256:}")"';
  return `Another image: its digest and the release that answers name.\n\n${commands(
    "new=sha256:NEW",
    `sed -i "s|\\(${image}@\\)sha256:[0-9a-f]*|\\1$new|" ${files}`,
    `release=${release}`,
    `sed -i -e "/Name: SLIPWAY_RELEASE\\$/{n;s/Value: .*/Value: \\"$release\\"/;}" -e "s/\\(SLIPWAY_RELEASE: \\).*/\\1\\"$release\\"/" ${files}`,
  )}\nMigrations run before the services are changed; new instances are not ready before.\n\n${commands(
    ...contexts.map((context) => deployStack(context, "base")),
    ...migrateCommands(region, prefix, network.privateSubnets.join(",")),
    'echo "$code"',
  )}\nGo on when it says 0; else \`aws logs tail /slipway/${prefix}/steps --region ${region} --since 1h\` tells why. What would change, looked at with the command that this prints:\n\n${commands(
    ...contexts.map((context) => `${deployStack(context, "services")} --no-execute-changeset`),
  )}\nThen the services; this waits until requests have moved, or gone back:\n\n${commands(
    ...contexts.map((context) => deployStack(context, "services")),
    ...spec.services.flatMap(({ access }) => access.hosts.map((host) => `curl --fail https://${host}/health`)),
  )}`;
}

function debug(context: Context, { debugService }: PlatformRunbook): readonly string[] {
  const { spec, aws, region, prefix } = context;
  const [secret] = spec.secrets;
  return [
    "# Why a stack stands or went back",
    `aws cloudformation describe-stack-events --region ${region} --stack-name ${prefix}-services --max-items 200 --query "StackEvents[?ends_with(ResourceStatus, 'FAILED')].[Timestamp,LogicalResourceId,ResourceStatusReason]" --output table`,
    "# What is wrong by the alarms",
    `aws cloudwatch describe-alarms --region ${region} --state-value ALARM --alarm-types MetricAlarm CompositeAlarm --alarm-name-prefix ${prefix}- --query '[MetricAlarms,CompositeAlarms][].[AlarmName,AlarmDescription,StateReason]' --output table`,
    ...spec.services.flatMap((service) => debugService(context, service)),
    "# Migrations and backups",
    `aws logs tail /slipway/${prefix}/steps --region ${region} --since 1d`,
    ...(secret === undefined
      ? []
      : [
          "# Whether a secret is there, and when it was read last",
          `aws secretsmanager describe-secret --region ${secret.place.region ?? region} --secret-id ${secret.place.name}`,
        ]),
    ...(aws.data === "managed" && spec.data.postgres !== undefined
      ? [
          "# The database",
          `aws rds describe-db-instances --region ${region} --db-instance-identifier ${madeAs(context, "data", "Database")} --query 'DBInstances[0].[DBInstanceStatus,AllocatedStorage,PendingModifiedValues]'`,
        ]
      : []),
  ];
}

/** The server's errors of the last hour. */
export function errorsOf({ region, prefix }: Context, { name }: Service): string {
  return `aws logs tail /slipway/${prefix}/${name} --region ${region} --since 1h --filter-pattern '{ $.level = "error" }'`;
}

/** Brings back the templates of the last good release, which the files' history has. */
export function before(contexts: readonly Context[]): readonly string[] {
  return [
    `git checkout HEAD~1 -- ${contexts.map(({ region }) => `${region}/services.yaml`).join(" ")}    # or write the old digest back as under Deploy`,
    ...contexts.map((context) => deployStack(context, "services")),
  ];
}

/** The end of every way back. */
export const NOT_UNDONE = "Migrations are not undone: each release works with the schema of the next one.\n";
