import { durationMs } from "@slipway/contracts/spec/duration.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { BURNS } from "#render/prometheus/rules.ts";
import { alarm, type AlarmOptions, allOf, type Metric } from "./alarm.ts";
import { type Context, imported } from "./context.ts";
import { logical, type Resource, type Resources } from "./template.ts";

/** The series of a service: each list is summed up (times: the slowest counts). */
export interface Series {
  readonly requests: readonly Metric[];
  readonly errors: readonly Metric[];
  readonly times: readonly Metric[];
  /** What the platform measures times in. */
  readonly unit: "seconds" | "milliseconds";
}

/** The alerts of a service over what the platform counts: errors, slow answers, and how fast the error budget burns. */
export function serviceAlarms(context: Context, name: string, series: Series): Resources {
  const { errorRate, p95 } = context.spec.alerts;
  const id = logical(name);
  const topic = imported(context, "AlarmTopic");
  return {
    [`${id}ErrorRate`]: alarm(context, {
      ...share(series, 0),
      description: `More than ${errorRate.above} % of answers of ${name} are errors`,
      ...lasting(errorRate.for),
      above: errorRate.above,
      missing: "notBreaching",
      topic,
    }),
    [`${id}SlowAnswers`]: alarm(context, {
      ...slowest(series, 0),
      description: `The 95th percentile of answer times of ${name} is above ${p95.above}`,
      ...lasting(p95.for),
      above: inUnit(series, p95.above),
      missing: "notBreaching",
      topic,
    }),
    ...burnAlarms(context, name, series, topic),
  };
}

/** What rolls a release back, by logical id; nobody is told by these, because the deployment itself tells. */
export function releaseAlarms(context: Context, name: string, series: Series): Resources {
  const { analysis } = context.spec.environment.rollout;
  const id = logical(name);
  const watched = { period: 60, evaluate: 3, datapoints: 2, missing: "notBreaching", topic: null } as const;
  return {
    [`${id}ReleaseErrors`]: alarm(context, {
      ...share(series, analysis.minRequests),
      ...watched,
      description: `A release of ${name} is rolled back: more than ${analysis.errorRate} % errors`,
      above: analysis.errorRate,
    }),
    [`${id}ReleaseSlow`]: alarm(context, {
      ...slowest(series, analysis.minRequests),
      ...watched,
      description: `A release of ${name} is rolled back: its 95th percentile is above ${analysis.p95}`,
      above: inUnit(series, analysis.p95),
    }),
  };
}

/** Values of a minute for so long. */
export function lasting(duration: string): Pick<AlarmOptions, "period" | "evaluate"> {
  return { period: 60, evaluate: Math.max(1, Math.ceil(seconds(duration) / 60)) };
}

function inUnit({ unit }: Series, duration: string): number {
  return unit === "seconds" ? durationMs(duration) / 1000 : durationMs(duration);
}

function named(letter: string, metrics: readonly Metric[], statistic: string) {
  return metrics.map((metric, index) => ({ id: `${letter}${index + 1}`, metric, statistic }));
}

/** Several series as one: `SUM` and `MAX` pass over those that have no data at all, as the next release's have most of the time. */
export function combined(how: "SUM" | "MAX", letter: string, metrics: readonly Metric[]): string {
  const filled = metrics.map((_metric, index) => `FILL(${letter}${index + 1}, 0)`);
  return filled.length === 1 ? (filled[0] ?? "") : `${how}([${filled.join(", ")}])`;
}

/** Per cent of errors among answers, 0 below so many requests in a period. */
function share({ requests, errors }: Series, least: number): Pick<AlarmOptions, "metrics" | "expression"> {
  const all = combined("SUM", "r", requests);
  return {
    metrics: [...named("r", requests, "Sum"), ...named("e", errors, "Sum")],
    expression: `IF(${all} ${least === 0 ? "> 0" : `>= ${least}`}, 100 * ${combined("SUM", "e", errors)} / ${all}, 0)`,
  };
}

/** The 95th percentile of the slowest part, 0 below so many requests in a period. */
function slowest({ requests, times }: Series, least: number): Pick<AlarmOptions, "metrics" | "expression"> {
  const most = combined("MAX", "t", times);
  const queries = named("t", times, "p95");
  if (least === 0) return { metrics: queries, expression: most };
  return {
    metrics: [...named("r", requests, "Sum"), ...queries],
    expression: `IF(${combined("SUM", "r", requests)} >= ${least}, ${most}, 0)`,
  };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** A window as periods of CloudWatch, which are a day at most: three days are three days that each burn too fast. */
function windowOf(text: string): Pick<AlarmOptions, "period" | "evaluate"> {
  const length = Number.parseInt(text, 10) * (UNIT_SECONDS[text.at(-1) ?? ""] ?? 1);
  const days = Math.max(1, Math.ceil(length / 86_400));
  return { period: length / days, evaluate: days };
}

function burnAlarms(context: Context, name: string, series: Series, topic: unknown): Resources {
  const { availability } = context.spec.alerts;
  const id = logical(name);
  const resources: [string, Resource][] = [];
  for (const { long, short, rate } of BURNS) {
    const above = Number((rate * (100 - availability)).toPrecision(6));
    const windows = [long, short].map((window) => {
      const child = `${id}Burn${long}Over${window}`;
      const description = `${name}: more than ${above} % errors over ${window}`;
      resources.push([
        child,
        alarm(context, {
          ...share(series, 0),
          ...windowOf(window),
          description,
          above,
          missing: "notBreaching",
          topic: null,
        }),
      ]);
      return child;
    });
    const description = `The error budget of ${availability} % of ${name} burns ${rate} times too fast (over ${long})`;
    resources.push([`${id}Burn${long}`, allOf(context, description, windows, topic)]);
  }
  return Object.fromEntries(resources);
}
