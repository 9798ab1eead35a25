import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import { type Context, imported, tagsOf } from "../aws/context.ts";
import { container, logGroup, task, taskSize } from "../aws/fargate.ts";
import { pullImages, readSecrets, role, TASKS, useData, writeLogs } from "../aws/iam.ts";
import { awsSettings } from "../aws/settings.ts";
import { attribute, logical, ref, type Resource, type Resources, type Values } from "../aws/template.ts";
import { autoscaling } from "./autoscaling.ts";
import { deployment } from "./deployment.ts";

/** A service of ECS: its task, who starts it, who it is, how many there are. */
export function serviceOf(context: Context, service: Service): Resources {
  const { spec } = context;
  const id = logical(service.name);
  return {
    [`${id}Logs`]: logGroup(context, service.name),
    [`${id}ExecutionRole`]: role(
      context,
      "ecs-tasks.amazonaws.com",
      [writeLogs(`${id}Logs`), ...pullImages([spec.images.app]), ...readSecrets(context, service.secrets)],
      { sourceArn: TASKS },
    ),
    [`${id}Role`]: role(context, "ecs-tasks.amazonaws.com", useData(context), { sourceArn: TASKS }),
    [`${id}Task`]: task(context, {
      family: `${context.prefix}-${service.name}`,
      size: taskSize(service.cpu, service.memory),
      executionRole: `${id}ExecutionRole`,
      taskRole: `${id}Role`,
      containers: [containerOf(context, service)],
    }),
    [`${id}Service`]: ecsService(context, service),
    ...autoscaling(context, service),
  };
}

/** The role by which ECS shifts the weights of listeners; nothing where no release is shifted. */
export function shiftingRole(context: Context): Resources {
  if (context.spec.environment.rollout.strategy === "rolling") return {};
  return {
    ShiftingRole: role(context, "ecs.amazonaws.com", [], {
      // What ECS needs of balancers is Amazon's to say: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
      managed: ["AmazonECSInfrastructureRolePolicyForLoadBalancers"],
    }),
  };
}

function containerOf(context: Context, service: Service): Values {
  const { startup, liveness } = service.probes;
  const question = `require('node:http').get({ port: ${service.port}, path: '${liveness.path}', timeout: ${seconds(liveness.timeout) * 1000} }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))`;
  return container(context, {
    name: service.name,
    image: context.spec.images.app,
    // Balancers have private addresses: what they say of the client is believed.
    env: { TRUSTED_PROXIES: "private", ...awsSettings(context, service) },
    secrets: service.secrets,
    logs: `${logical(service.name)}Logs`,
    more: {
      PortMappings: [{ Name: "http", ContainerPort: service.port, Protocol: "tcp", AppProtocol: "http" }],
      HealthCheck: {
        Command: ["CMD", "node", "-e", question],
        Interval: within(seconds(liveness.period), 5, 300),
        Timeout: within(seconds(liveness.timeout) + 1, 2, 60),
        Retries: within(liveness.failures, 1, 10),
        StartPeriod: within(startSeconds(startup), 0, 300),
      },
      StopTimeout: seconds(service.drain) + 5,
    },
  });
}

function startSeconds({ period, failures }: Service["probes"]["startup"]): number {
  return seconds(period) * failures;
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** Without `DesiredCount`: it is the autoscaler's. */
function ecsService(context: Context, service: Service): Resource {
  const id = logical(service.name);
  const shifted = context.spec.environment.rollout.strategy !== "rolling";
  return {
    Type: "AWS::ECS::Service",
    // A target group that no rule leads to cannot be used; where a release is shifted the rules are named below.
    ...(shifted ? {} : { DependsOn: `${id}Rule` }),
    Properties: {
      ServiceName: service.name,
      Cluster: imported(context, "Cluster"),
      TaskDefinition: ref(`${id}Task`),
      CapacityProviderStrategy: [{ CapacityProvider: "FARGATE", Weight: 1, Base: 0 }],
      PlatformVersion: "LATEST",
      SchedulingStrategy: "REPLICA",
      ...(shifted ? {} : { AvailabilityZoneRebalancing: "ENABLED" }),
      DeploymentController: { Type: "ECS" },
      DeploymentConfiguration: deployment(context, service),
      HealthCheckGracePeriodSeconds: startSeconds(service.probes.startup),
      EnableExecuteCommand: false,
      EnableECSManagedTags: true,
      PropagateTags: "SERVICE",
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          AssignPublicIp: "DISABLED",
          Subnets: context.network.privateSubnets,
          SecurityGroups: [imported(context, "WorkloadSecurityGroup")],
        },
      },
      LoadBalancers: [
        {
          ContainerName: service.name,
          ContainerPort: service.port,
          TargetGroupArn: ref(`${id}TargetsA`),
          ...(shifted
            ? {
                AdvancedConfiguration: {
                  AlternateTargetGroupArn: ref(`${id}TargetsB`),
                  ProductionListenerRule: ref(`${id}Rule`),
                  TestListenerRule: ref(`${id}TestRule`),
                  RoleArn: attribute("ShiftingRole", "Arn"),
                },
              }
            : {}),
        },
      ],
      Tags: tagsOf(context),
    },
  };
}
