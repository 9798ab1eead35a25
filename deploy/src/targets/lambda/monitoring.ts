import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import { alarm, type Metric } from "../aws/alarm.ts";
import { type Context, imported } from "../aws/context.ts";
import { dashboard, type Panel } from "../aws/dashboard.ts";
import { lasting, releaseAlarms, type Series, serviceAlarms } from "../aws/service-alarms.ts";
import { logical, ref, type Resources, together } from "../aws/template.ts";

/** What API Gateway counts, by the names of its two kinds (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html). */
function seriesOf(context: Context, service: Service): Series {
  const api = ref(`${logical(service.name)}Api`);
  const { streaming } = context.aws;
  const dimensions = streaming ? { ApiName: `${context.prefix}-${service.name}` } : { ApiId: api };
  const metric = (name: string): readonly Metric[] => [["AWS/ApiGateway", name, dimensions]];
  return {
    requests: metric("Count"),
    errors: metric(streaming ? "5XXError" : "5xx"),
    times: metric("Latency"),
    unit: "milliseconds",
  };
}

function ofFunction(service: Service, name: string): Metric {
  return ["AWS/Lambda", name, { FunctionName: ref(`${logical(service.name)}Function`) }];
}

/** Alarms of all services, what rolls releases back, and a dashboard. */
export function monitoring(context: Context): Resources {
  const parts = context.spec.services.flatMap((service) => [
    serviceAlarms(context, service.name, seriesOf(context, service)),
    releaseAlarms(context, service.name, seriesOf(context, service)),
    platformAlarms(context, service),
  ]);
  const panels = context.spec.services.flatMap((service) => panelsOf(context, service));
  return together(...parts, { Dashboard: dashboard(context, panels) });
}

function platformAlarms(context: Context, service: Service): Resources {
  const { downtime, startChurn } = context.spec.alerts;
  const id = logical(service.name);
  const { requests, errors } = seriesOf(context, service);
  const topic = imported(context, "AlarmTopic");
  const [request] = requests;
  const [error] = errors;
  if (request === undefined || error === undefined) return {};
  return {
    // Nothing runs where nobody asks: it is down when every answer is an error.
    [`${id}Down`]: alarm(context, {
      description: `Every answer of ${service.name} is an error`,
      metrics: [
        { id: "r1", metric: request, statistic: "Sum" },
        { id: "e1", metric: error, statistic: "Sum" },
      ],
      expression: "IF(FILL(r1, 0) > 0, FILL(e1, 0) / FILL(r1, 0), 0)",
      ...lasting(downtime.for),
      atLeast: 1,
      missing: "notBreaching",
      topic,
    }),
    [`${id}StartChurn`]: alarm(context, {
      description: `Instances of ${service.name} failed to start, ran out of time or ended ${startChurn.restarts} times within ${startChurn.within}`,
      metrics: [{ id: "ends", metric: ofFunction(service, "Errors"), statistic: "Sum" }],
      period: Math.max(60, Math.ceil(seconds(startChurn.within) / 60) * 60),
      evaluate: 1,
      atLeast: startChurn.restarts,
      missing: "notBreaching",
      topic,
    }),
    [`${id}Throttled`]: alarm(context, {
      description: `${service.name} has no free instance: scale.max is reached`,
      metrics: [{ id: "throttles", metric: ofFunction(service, "Throttles"), statistic: "Sum" }],
      period: 60,
      evaluate: 5,
      datapoints: 3,
      above: 0,
      missing: "notBreaching",
      topic,
    }),
  };
}

function panelsOf(context: Context, service: Service): readonly Panel[] {
  const { requests, errors, times } = seriesOf(context, service);
  return [
    {
      title: `${service.name}: requests and errors a minute`,
      lines: [
        ...requests.map((metric) => ["requests", metric, "Sum"] as const),
        ...errors.map((metric) => ["5xx", metric, "Sum"] as const),
      ],
    },
    {
      title: `${service.name}: milliseconds to the last byte`,
      lines: ["p50", "p95", "p99"].flatMap((stat) => times.map((metric) => [stat, metric, stat] as const)),
    },
    {
      title: `${service.name}: instances`,
      lines: [
        ["at once", ofFunction(service, "ConcurrentExecutions"), "Maximum"],
        ["refused", ofFunction(service, "Throttles"), "Sum"],
        ["failed", ofFunction(service, "Errors"), "Sum"],
      ],
    },
  ];
}
