import { durationMs } from "@slipway/contracts/spec/duration.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Spec } from "#spec/spec.ts";

/** A rule of Prometheus that tells people. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** How the series of a service are told from others. */
export interface Series {
  /** Matchers of the server's own metrics, `job="router"`. */
  readonly service: string;
  /** Matchers of what the cluster tells of its containers; absent where nothing tells. */
  readonly containers?: string;
}

/** What alerts are made of, as expressions of PromQL: whoever measures, the server or the platform. */
export interface Signals {
  /** Errors among all answers within a window (`5m`), a share. */
  errorShare(window: string): string;
  /** The 95th percentile of the time to the last byte, in seconds. */
  readonly p95: string;
  /** True when nothing answers, and in words; absent where nothing tells. */
  readonly down?: readonly [expression: string, summary: string] | undefined;
  /** How often one container started within a window; absent where nothing tells. */
  readonly starts?: ((window: string) => string) | undefined;
}

// Two windows each, so that an alert comes early and goes when the burning ends:
// https://sre.google/workbook/alerting-on-slos/, table 5-8.
export const BURNS = [
  { long: "1h", short: "5m", rate: 14.4, for: "2m", severity: "critical" },
  { long: "6h", short: "30m", rate: 6, for: "15m", severity: "critical" },
  { long: "1d", short: "2h", rate: 3, for: "1h", severity: "warning" },
  { long: "3d", short: "6h", rate: 1, for: "3h", severity: "warning" },
] as const;

/** The alerts of a service, over metrics that the server really has. */
export function serviceAlerts(spec: Spec, name: string, series: Series): readonly RuleGroup[] {
  const { service, containers } = series;
  const [first, slo] = alertsOf(spec, name, {
    errorShare: (window) =>
      `sum(rate(slipway_http_requests_total{${service},status=~"5.."}[${window}])) / sum(rate(slipway_http_requests_total{${service}}[${window}]))`,
    p95: `histogram_quantile(0.95, sum by (le) (rate(slipway_http_request_duration_seconds_bucket{${service}}[5m])))`,
    down: [`absent(up{${service}} == 1)`, "No instance answers the scraper"],
    ...(containers === undefined
      ? {}
      : { starts: (window) => `max(increase(kube_pod_container_status_restarts_total{${containers}}[${window}]))` }),
  });
  const dropped = droppedAlert(spec, name, service);
  // Beside what the server answers: what it could not write down.
  const at = first.rules.findIndex(({ alert }) => alert === "SlipwayDown") + 1;
  return [{ ...first, rules: first.rules.toSpliced(at, 0, dropped) }, slo];
}

/** Records that reached the log only, by the server's own metric. */
export function droppedAlert(spec: Spec, name: string, matchers: string): AlertRule {
  return alerting(spec, name)(
    "RecordsDropped",
    `sum(increase(slipway_write_dropped_total{${matchers}}[15m])) > 0`,
    "1m",
    "critical",
    "Ledger or audit records found their queue full and went to the log",
  );
}

/** The alerts of a service over whatever measures it: its conditions, and how fast its error budget burns. */
export function alertsOf(spec: Spec, name: string, signals: Signals): readonly [conditions: RuleGroup, slo: RuleGroup] {
  return [
    { name: `${spec.name}-${name}`, rules: [...conditions(spec, name, signals)] },
    { name: `${spec.name}-${name}-slo`, rules: BURNS.map((burn) => burnAlert(spec, name, signals, burn)) },
  ];
}

function conditions(spec: Spec, name: string, signals: Signals): readonly AlertRule[] {
  const { errorRate, p95, downtime, startChurn } = spec.alerts;
  const tell = alerting(spec, name);
  const { down, starts } = signals;
  return [
    tell(
      "ErrorRate",
      `${signals.errorShare("5m")} > ${ratio(errorRate.above / 100)}`,
      errorRate.for,
      "critical",
      `More than ${errorRate.above} % of answers are errors`,
    ),
    tell(
      "SlowAnswers",
      `${signals.p95} > ${durationMs(p95.above) / 1000}`,
      p95.for,
      "warning",
      `The 95th percentile of answer times is above ${p95.above}`,
    ),
    ...(down === undefined ? [] : [tell("Down", down[0], downtime.for, "critical", down[1])]),
    ...(starts === undefined
      ? []
      : [
          tell(
            "StartChurn",
            `${starts(startChurn.within)} >= ${startChurn.restarts}`,
            "1m",
            "warning",
            `A container started ${startChurn.restarts} times within ${startChurn.within}`,
          ),
        ]),
  ];
}

function burnAlert(spec: Spec, name: string, signals: Signals, burn: (typeof BURNS)[number]): AlertRule {
  const limit = ratio(burn.rate * (1 - spec.alerts.availability / 100));
  const over = (window: string): string => `(${signals.errorShare(window)}) > ${limit}`;
  const rule = alerting(spec, name)(
    "ErrorBudgetBurn",
    `${over(burn.long)} and ${over(burn.short)}`,
    burn.for,
    burn.severity,
    `The error budget of ${spec.alerts.availability} % burns ${burn.rate} times too fast (over ${burn.long})`,
  );
  return { ...rule, labels: { ...rule.labels, window: burn.long } };
}

/** What models cost this month against the environment's budget; nothing where it has none. */
export function budgetAlerts(spec: Spec, all: string): readonly RuleGroup[] {
  const { budget } = spec.environment;
  if (budget === undefined) return [];
  const rules = budget.alertAt.map((percent) => ({
    alert: "SlipwayBudget",
    expr: `sum(increase(slipway_model_cost_usd_total{${all}}[30d])) > ${ratio((budget.monthly * percent) / 100)}`,
    labels: { severity: percent >= 100 ? "critical" : "warning", percent: String(percent) },
    annotations: annotations(
      spec,
      `Models have cost ${percent} % of the ${budget.monthly} dollars a month within 30 days`,
    ),
  }));
  return [{ name: `${spec.name}-budget`, rules }];
}

/** Whether the last backup is too long ago, by the series that kube-state-metrics has of CronJobs. */
export function backupAlerts(spec: Spec, cronJob: string): readonly RuleGroup[] {
  const rule = {
    alert: "SlipwayBackupMissing",
    expr: `time() - max(kube_cronjob_status_last_successful_time{${cronJob}}) > ${26 * 3600} or absent(kube_cronjob_status_last_successful_time{${cronJob}})`,
    for: "1h",
    labels: { severity: "critical" },
    annotations: annotations(spec, "No backup of the database has succeeded for 26 hours"),
  };
  return [{ name: `${spec.name}-backup`, rules: [rule] }];
}

function alerting(spec: Spec, service: string) {
  return (what: string, expr: string, lasting: string, severity: string, summary: string): AlertRule => ({
    alert: `Slipway${what}`,
    expr,
    for: `${Math.max(1, seconds(lasting))}s`,
    labels: { severity, service },
    annotations: annotations(spec, `${summary} (${service})`),
  });
}

function annotations({ alerts }: Spec, summary: string): Readonly<Record<string, string>> {
  return { summary, ...(alerts.runbook === undefined ? {} : { runbook_url: alerts.runbook }) };
}

/** A number without the noise of binary fractions. */
function ratio(value: number): string {
  return String(Number(value.toPrecision(6)));
}
