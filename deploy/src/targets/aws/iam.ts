import type { Secret } from "#spec/spec.ts";
import { type Context, tagsOf } from "./context.ts";
import { type Resource, sub, type Values } from "./template.ts";

/** One sentence of a policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Values;
}

/** Something that is allowed. */
export function allow(sid: string, actions: readonly string[], resource: unknown, condition?: Values): Statement {
  const sentence = { Sid: sid, Effect: "Allow", Action: actions, Resource: resource } as const;
  return condition === undefined ? sentence : { ...sentence, Condition: condition };
}

/** Services that say for which account they take a role on; without asking, they could be led to do it for another one's sake. */
const TELL_ACCOUNT = new Set(["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"]);

/** Who may take a role on, and for whom. */
function trust(service: string, sourceArn?: string): Values {
  const condition = {
    StringEquals: { "aws:SourceAccount": sub("${AWS::AccountId}") },
    ...(sourceArn === undefined ? {} : { ArnLike: { "aws:SourceArn": sub(sourceArn) } }),
  };
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        ...(TELL_ACCOUNT.has(service) ? { Condition: condition } : {}),
      },
    ],
  };
}

/** A role that may do what is said here and nothing else. */
export function role(
  context: Context,
  service: string,
  statements: readonly Statement[],
  options: { readonly managed?: readonly string[]; readonly sourceArn?: string } = {},
): Resource {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: trust(service, options.sourceArn),
      ...(options.managed
        ? { ManagedPolicyArns: options.managed.map((name) => sub(`arn:\${AWS::Partition}:iam::aws:policy/${name}`)) }
        : {}),
      ...(statements.length === 0
        ? {}
        : {
            Policies: [{ PolicyName: "slipway", PolicyDocument: { Version: "2012-10-17", Statement: statements } }],
          }),
      Tags: tagsOf(context),
    },
  };
}

/** Where tasks of ECS come from that take on a role. */
export const TASKS = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*";

/** The ARN of a secret without the six characters that Secrets Manager adds to its name. */
export function secretArn({ place: { region, name } }: Secret): string {
  return `arn:\${AWS::Partition}:secretsmanager:${region ?? "${AWS::Region}"}:\${AWS::AccountId}:secret:${name}`;
}

/** Reading these secrets and no others. */
export function readSecrets({ aws, spec }: Context, variables: readonly string[]): readonly Statement[] {
  const arns = spec.secrets
    .filter(({ variable }) => variables.includes(variable))
    .map((secret) => `${secretArn(secret)}-??????`);
  if (arns.length === 0) return [];
  const regions = [...new Set(spec.secrets.map(({ place }) => place.region ?? ""))].sort();
  return [
    allow("Secrets", ["secretsmanager:GetSecretValue"], [...new Set(arns)].sort().map(sub)),
    ...(aws.secretsKey === undefined
      ? []
      : [
          allow("SecretsKey", ["kms:Decrypt"], aws.secretsKey, {
            StringEquals: { "kms:ViaService": regions.map((region) => `secretsmanager.${region}.amazonaws.com`) },
          }),
        ]),
  ];
}

const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/;

/** Pulling these images; nothing for registries that are not Amazon's. */
export function pullImages(images: readonly string[]): readonly Statement[] {
  const repositories = images.flatMap((image) => {
    const [, account, region, repository] = ECR.exec(image) ?? [];
    return repository === undefined ? [] : [`arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${repository}`];
  });
  if (repositories.length === 0) return [];
  return [
    // It names no repository, so it can be narrowed to none.
    allow("RegistryToken", ["ecr:GetAuthorizationToken"], "*"),
    allow(
      "Images",
      ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      [...new Set(repositories)].sort().map(sub),
    ),
  ];
}

/** Writing to a log group by its logical id. */
export function writeLogs(group: string): Statement {
  return allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], { "Fn::GetAtt": [group, "Arn"] });
}

/** The name of a table. */
export function tableName({ prefix }: Context, table: string): string {
  return `${prefix}-${table}`;
}

/** What a service does with the bucket and the tables of the system. */
export function useData(context: Context): readonly Statement[] {
  const { objects, tables = {} } = context.spec.data;
  const [region = ""] = context.spec.environment.regions;
  const names = Object.keys(tables).sort();
  return [
    ...(objects === undefined
      ? []
      : [
          allow(
            "Files",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            sub(`arn:\${AWS::Partition}:s3:::${objects.bucket}/*`),
          ),
          allow("FilesList", ["s3:ListBucket"], sub(`arn:\${AWS::Partition}:s3:::${objects.bucket}`)),
        ]),
    ...(names.length === 0
      ? []
      : [
          allow(
            "Tables",
            [
              "dynamodb:BatchGetItem",
              "dynamodb:BatchWriteItem",
              "dynamodb:ConditionCheckItem",
              "dynamodb:DeleteItem",
              "dynamodb:GetItem",
              "dynamodb:PutItem",
              "dynamodb:Query",
              "dynamodb:UpdateItem",
            ],
            names.map((name) =>
              sub(`arn:\${AWS::Partition}:dynamodb:${region}:\${AWS::AccountId}:table/${tableName(context, name)}`),
            ),
          ),
        ]),
  ];
}
