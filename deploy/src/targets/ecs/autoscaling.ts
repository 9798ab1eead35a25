import type { Service } from "#spec/spec.ts";
import { sideOf } from "./balancer.ts";
import { type Context, imported } from "../aws/context.ts";
import { attribute, logical, ref, type Resource, type Resources, type Values } from "../aws/template.ts";

const SERVICE = { ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" } as const;

/** How many tasks a service has: as many as keep CPU, memory and requests below what the file says, each by a policy of its own. */
export function autoscaling(context: Context, service: Service): Resources {
  const id = logical(service.name);
  const { min, max, cpu, memory } = service.scale;
  const policy = (name: string, metric: Values, target: number): Resource => ({
    Type: "AWS::ApplicationAutoScaling::ScalingPolicy",
    Properties: {
      PolicyName: `${context.prefix}-${service.name}-${name}`,
      PolicyType: "TargetTrackingScaling",
      ScalingTargetId: ref(`${id}Scaling`),
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: metric,
        TargetValue: target,
        ScaleOutCooldown: 30,
        ScaleInCooldown: 300,
      },
    },
  });
  return {
    [`${id}Scaling`]: {
      Type: "AWS::ApplicationAutoScaling::ScalableTarget",
      Properties: {
        ...SERVICE,
        ResourceId: {
          "Fn::Join": ["/", ["service", imported(context, "Cluster"), attribute(`${id}Service`, "Name")]],
        },
        MinCapacity: min,
        MaxCapacity: max,
      },
    },
    [`${id}ScaleCpu`]: policy("cpu", { PredefinedMetricType: "ECSServiceAverageCPUUtilization" }, cpu),
    [`${id}ScaleMemory`]: policy("memory", { PredefinedMetricType: "ECSServiceAverageMemoryUtilization" }, memory),
    ...byRequests(context, service, policy),
  };
}

/** Requests of a minute for each task. The series is one target group's, and a release that is shifted changes to the other one. */
function byRequests(
  context: Context,
  service: Service,
  policy: (name: string, metric: Values, target: number) => Resource,
): Resources {
  if (context.spec.environment.rollout.strategy !== "rolling") return {};
  const id = logical(service.name);
  const metric = {
    PredefinedMetricType: "ALBRequestCountPerTarget",
    ResourceLabel: {
      "Fn::Join": [
        "/",
        [
          attribute(`${sideOf(service)}Balancer`, "LoadBalancerFullName"),
          attribute(`${id}TargetsA`, "TargetGroupFullName"),
        ],
      ],
    },
  };
  // With answers of a second on average, so many begin in a minute where seven tenths of the places are taken.
  return { [`${id}ScaleRequests`]: policy("requests", metric, Math.round(service.concurrency * 0.7 * 60)) };
}
