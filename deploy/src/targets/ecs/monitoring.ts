import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import { alarm, type Metric } from "../aws/alarm.ts";
import { type Context, imported } from "../aws/context.ts";
import { dashboard, type Panel } from "../aws/dashboard.ts";
import { loggedEvents, toldEvents } from "../aws/events.ts";
import { combined, lasting, releaseAlarms, type Series, serviceAlarms } from "../aws/service-alarms.ts";
import { attribute, logical, type Resources, together } from "../aws/template.ts";
import { sideOf } from "./balancer.ts";

/** A metric of each target group of a service: of the release that runs and of the next one. */
function ofTargets(context: Context, service: Service, name: string): readonly Metric[] {
  const shifted = context.spec.environment.rollout.strategy !== "rolling";
  return (shifted ? ["A", "B"] : ["A"]).map((letter) => [
    "AWS/ApplicationELB",
    name,
    {
      LoadBalancer: attribute(`${sideOf(service)}Balancer`, "LoadBalancerFullName"),
      TargetGroup: attribute(`${logical(service.name)}Targets${letter}`, "TargetGroupFullName"),
    },
  ]);
}

/** What the balancer counts. Its times end with the first byte of an answer: what streams is not slow because it is long. */
function seriesOf(context: Context, service: Service): Series {
  return {
    requests: ofTargets(context, service, "RequestCount"),
    errors: ofTargets(context, service, "HTTPCode_Target_5XX_Count"),
    times: ofTargets(context, service, "TargetResponseTime"),
    unit: "seconds",
  };
}

/** Alarms of all services, what rolls releases back, what ECS tells, and a dashboard. */
export function monitoring(context: Context): Resources {
  const parts = context.spec.services.flatMap((service) => [
    serviceAlarms(context, service.name, seriesOf(context, service)),
    releaseAlarms(context, service.name, seriesOf(context, service)),
    platformAlarms(context, service),
  ]);
  return together(...parts, {
    ReleaseFailed: toldEvents(context, `A release of ${context.prefix} failed or was rolled back`, {
      source: ["aws.ecs"],
      "detail-type": ["ECS Deployment State Change"],
      resources: context.spec.services.map(({ name }) => ({
        wildcard: `arn:*:ecs:*:*:service/${context.prefix}/${name}`,
      })),
      detail: { eventName: ["SERVICE_DEPLOYMENT_FAILED"] },
    }),
    Dashboard: dashboard(
      context,
      context.spec.services.flatMap((service) => panels(context, service)),
    ),
  });
}

function platformAlarms(context: Context, service: Service): Resources {
  const { downtime, startChurn } = context.spec.alerts;
  const id = logical(service.name);
  const healthy = ofTargets(context, service, "HealthyHostCount");
  const topic = imported(context, "AlarmTopic");
  return {
    [`${id}Down`]: alarm(context, {
      description: `No task of ${service.name} is healthy`,
      metrics: healthy.map((metric, index) => ({ id: `h${index + 1}`, metric, statistic: "Maximum" })),
      expression: combined("SUM", "h", healthy),
      ...lasting(downtime.for),
      below: 1,
      missing: "breaching",
      topic,
    }),
    // Tasks that end by themselves or never begin. Those that ECS or a person ends are none.
    [`${id}Stops`]: loggedEvents(context, `A task of ${service.name} ended by itself or did not start`, {
      source: ["aws.ecs"],
      "detail-type": ["ECS Task State Change"],
      detail: {
        clusterArn: [imported(context, "ClusterArn")],
        group: [`service:${service.name}`],
        lastStatus: ["STOPPED"],
        stopCode: ["EssentialContainerExited", "TaskFailedToStart"],
      },
    }),
    [`${id}StartChurn`]: alarm(context, {
      description: `Tasks of ${service.name} ended ${startChurn.restarts} times within ${startChurn.within}`,
      metrics: [
        {
          id: "stops",
          metric: ["AWS/Events", "TriggeredRules", { RuleName: { Ref: `${id}Stops` } }],
          statistic: "Sum",
        },
      ],
      period: Math.max(60, Math.ceil(seconds(startChurn.within) / 60) * 60),
      evaluate: 1,
      atLeast: startChurn.restarts,
      missing: "notBreaching",
      topic,
    }),
  };
}

function panels(context: Context, service: Service): readonly Panel[] {
  const { requests, errors, times } = seriesOf(context, service);
  const shifted = requests.length > 1;
  const lines = (metrics: readonly Metric[], stat: string, label: string) =>
    metrics.map((metric, index) => [shifted ? `${label} ${"AB"[index] ?? ""}` : label, metric, stat] as const);
  const own = (name: string): Metric => [
    "AWS/ECS",
    name,
    { ClusterName: imported(context, "Cluster"), ServiceName: attribute(`${logical(service.name)}Service`, "Name") },
  ];
  return [
    {
      title: `${service.name}: requests and errors a minute`,
      lines: [...lines(requests, "Sum", "requests"), ...lines(errors, "Sum", "5xx")],
    },
    {
      title: `${service.name}: time to the first byte`,
      lines: ["p50", "p95", "p99"].flatMap((stat) => lines(times, stat, stat)),
    },
    {
      title: `${service.name}: CPU and memory, per cent`,
      lines: [
        ["CPU", own("CPUUtilization"), "Average"],
        ["CPU, the busiest", own("CPUUtilization"), "Maximum"],
        ["memory", own("MemoryUtilization"), "Average"],
        ["memory, the fullest", own("MemoryUtilization"), "Maximum"],
      ],
    },
  ];
}
