import type { Context } from "./context.ts";
import { ref, type Resource, type Values } from "./template.ts";

/** A series of CloudWatch. */
export type Metric = readonly [namespace: string, name: string, dimensions: Values];

/** A series with its name in an expression. */
interface Query {
  readonly id: string;
  readonly metric: Metric;
  /** `Sum`, `Average`, `p95`. */
  readonly statistic: string;
}

/** When people are told, or a deployment is rolled back. */
export interface AlarmOptions {
  readonly description: string;
  readonly metrics: readonly Query[];
  /** What is compared; absent: the one metric. */
  readonly expression?: string;
  /** Seconds of one value. */
  readonly period: number;
  /** Values that are looked at. */
  readonly evaluate: number;
  /** Values among them that must be beyond the threshold; absent: all. */
  readonly datapoints?: number;
  readonly above?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly missing: "breaching" | "notBreaching" | "ignore";
  /** The topic; absent: that of the same stack. Null: nobody is told, others look at it. */
  readonly topic?: unknown;
}

/** An alarm of CloudWatch. */
export function alarm(context: Context, options: AlarmOptions): Resource {
  const [first] = options.metrics;
  const simple =
    options.expression === undefined && options.metrics.length === 1 && first?.statistic.startsWith("p") === false;
  return {
    Type: "AWS::CloudWatch::Alarm",
    Properties: {
      AlarmDescription: described(context, options.description),
      ...(simple && first ? plain(first, options.period) : { Metrics: queries(options) }),
      ComparisonOperator: comparison(options),
      Threshold: options.above ?? options.atLeast ?? options.below ?? 0,
      EvaluationPeriods: options.evaluate,
      DatapointsToAlarm: options.datapoints ?? options.evaluate,
      TreatMissingData: options.missing,
      ...actions(options.topic),
    },
  };
}

/** An alarm when all of these are on. */
export function allOf(context: Context, description: string, alarms: readonly string[], topic: unknown): Resource {
  return {
    Type: "AWS::CloudWatch::CompositeAlarm",
    Properties: {
      AlarmDescription: described(context, description),
      AlarmRule: {
        "Fn::Join": [" AND ", alarms.map((id) => ({ "Fn::Sub": `ALARM("\${${id}}")` }))],
      },
      ...actions(topic),
    },
  };
}

function described({ prefix, spec }: Context, text: string): string {
  const { runbook } = spec.alerts;
  return `${text} (${prefix})${runbook === undefined ? "" : `. Runbook: ${runbook}`}`;
}

function actions(topic: unknown): Values {
  if (topic === null) return { ActionsEnabled: false };
  const to = [topic ?? ref("AlarmTopic")];
  return { ActionsEnabled: true, AlarmActions: to, OKActions: to };
}

function comparison({ above, atLeast }: AlarmOptions): string {
  if (above !== undefined) return "GreaterThanThreshold";
  return atLeast === undefined ? "LessThanThreshold" : "GreaterThanOrEqualToThreshold";
}

function dimensions(map: Values): readonly Values[] {
  return Object.entries(map).map(([Name, Value]) => ({ Name, Value }));
}

function plain({ metric: [Namespace, MetricName, map], statistic }: Query, Period: number): Values {
  return { Namespace, MetricName, Dimensions: dimensions(map), Statistic: statistic, Period };
}

function queries({ metrics, expression, period }: AlarmOptions): readonly Values[] {
  const series = metrics.map(({ id, metric: [Namespace, MetricName, map], statistic }) => ({
    Id: id,
    ReturnData: expression === undefined,
    MetricStat: {
      Metric: { Namespace, MetricName, Dimensions: dimensions(map) },
      Period: period,
      Stat: statistic,
    },
  }));
  return expression === undefined
    ? series
    : [{ Id: "value", Expression: expression, ReturnData: true, Label: "value" }, ...series];
}
