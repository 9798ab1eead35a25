import { SlipwayError } from "@slipway/contracts/errors.ts";
import { mebibytes, seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import { type Context, imported, tagMapOf } from "../aws/context.ts";
import { logGroup } from "../aws/fargate.ts";
import { allow, readSecrets, role, useData, writeLogs } from "../aws/iam.ts";
import { awsSettings } from "../aws/settings.ts";
import { attribute, logical, ref, type Resource, type Resources, type Values } from "../aws/template.ts";

/** The alias that the API calls: releases are versions behind it. */
export const ALIAS = "live";

/** Bytes that a function's variables may have together (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const MOST_ENVIRONMENT = 4096;

/** A service as a function: the server's image with the Lambda Web Adapter in it, so that it serves HTTP as anywhere. */
export function functionOf(context: Context, service: Service): Resources {
  const id = logical(service.name);
  return {
    [`${id}Logs`]: logGroup(context, service.name),
    [`${id}Role`]: role(context, "lambda.amazonaws.com", [
      writeLogs(`${id}Logs`),
      // The server reads its secrets itself, so a rotated one is in force without a deployment.
      ...readSecrets(context, service.secrets),
      ...useData(context),
      // Neither knows resources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
      allow(
        "Network",
        [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ],
        "*",
      ),
      allow("Traces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
    ]),
    [`${id}Function`]: serverless(context, service),
  };
}

function serverless(context: Context, service: Service): Resource {
  const { spec } = context;
  const id = logical(service.name);
  return {
    Type: "AWS::Serverless::Function",
    Properties: {
      FunctionName: `${context.prefix}-${service.name}`,
      PackageType: "Image",
      ImageUri: spec.images.app,
      Architectures: [context.aws.architecture],
      // CPU comes with memory, a core with 1769 MB: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
      MemorySize: memoryOf(service),
      Timeout: Math.min(900, seconds(service.timeout) + 1),
      EphemeralStorage: { Size: 512 },
      Role: attribute(`${id}Role`, "Arn"),
      ReservedConcurrentExecutions: service.scale.max,
      ...(service.scale.min > 0
        ? { ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: service.scale.min } }
        : {}),
      Environment: { Variables: environment(context, service) },
      VpcConfig: {
        SubnetIds: context.network.privateSubnets,
        SecurityGroupIds: [imported(context, "WorkloadSecurityGroup")],
      },
      LoggingConfig: { LogFormat: "JSON", LogGroup: ref(`${id}Logs`) },
      Tracing: "Active",
      AutoPublishAlias: ALIAS,
      AutoPublishAliasAllProperties: true,
      DeploymentPreference: {
        Type: spec.environment.rollout.strategy === "canary" ? ref("Shifting") : "AllAtOnce",
        Alarms: [ref(`${id}ReleaseErrors`), ref(`${id}ReleaseSlow`)],
      },
      Tags: tagMapOf(spec),
    },
  };
}

/** As much as is asked for, or as much as brings the CPU that is asked for. */
function memoryOf({ cpu, memory }: Service): number {
  const cores = typeof cpu === "number" ? cpu : Number.parseInt(cpu, 10) / 1000;
  return Math.min(10_240, Math.max(128, mebibytes(memory), Math.round(cores * 1769)));
}

/** How CodeDeploy shifts the alias: the first step for as long as all of them would take; the rest then follows at once. */
export function shifting(context: Context): Resources {
  const { strategy, steps, pause } = context.spec.environment.rollout;
  if (strategy !== "canary") return {};
  return {
    Shifting: {
      Type: "AWS::CodeDeploy::DeploymentConfig",
      Properties: {
        ComputePlatform: "Lambda",
        TrafficRoutingConfig: {
          Type: "TimeBasedCanary",
          TimeBasedCanary: {
            CanaryPercentage: Math.min(99, Math.max(1, Math.round(steps[0] ?? 5))),
            CanaryInterval: Math.min(2880, Math.max(1, Math.ceil(seconds(pause) / 60)) * steps.length),
          },
        },
      },
    },
  };
}

/** Throws `spec_incomplete` when Lambda does not take so much. */
function environment(context: Context, service: Service): Values {
  const references = context.spec.secrets
    .filter(({ variable }) => service.secrets.includes(variable))
    .map(({ variable, reference }): [string, string] => [variable, reference]);
  const variables: Readonly<Record<string, string>> = {
    // The adapter is the one that connects, and it says what API Gateway told it.
    TRUSTED_PROXIES: "loopback",
    ...awsSettings(context, service),
    ...Object.fromEntries(references),
    // A REST API's stage is no part of the paths that the server knows.
    AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH: "true",
    AWS_LWA_INVOKE_MODE: context.aws.streaming ? "response_stream" : "buffered",
    AWS_LWA_PORT: String(service.port),
    AWS_LWA_READINESS_CHECK_PATH: service.probes.readiness.path,
    // An instance that is taken away has two seconds to write what it still holds.
    DRAIN_TIMEOUT_SECONDS: "1",
  };
  const bytes = Object.entries(variables).reduce((sum, pair) => sum + Buffer.byteLength(pair.join("")), 0);
  if (bytes > MOST_ENVIRONMENT)
    throw new SlipwayError(
      "spec_incomplete",
      `The settings of ${service.name} take ${bytes} bytes, and a function has room for ${MOST_ENVIRONMENT}.`,
      { hint: "Keep routes and limits in the database (/api/v1/routes, /api/v1/limits), or use ecs." },
    );
  return Object.fromEntries(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));
}
