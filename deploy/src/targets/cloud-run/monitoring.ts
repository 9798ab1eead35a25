import { alertsOf, type AlertRule, budgetAlerts, droppedAlert, type Signals } from "#render/prometheus/rules.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import { type Context, nameOf } from "./context.ts";
import { hasEdge } from "./service.ts";

type Values = Readonly<Record<string, unknown>>;

/** Alerts look back at most a day and an hour here: https://cloud.google.com/monitoring/quotas */
const LONGEST_WINDOW_HOURS = 24;

/** Matchers of what Cloud Run itself measures of a service (https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run). */
function serviceMatchers(context: Context, service: Service): string {
  return `monitored_resource="cloud_run_revision",service_name="${nameOf(context, service.name)}"`;
}

/** Matchers of the server's own metrics, as the sidecar writes them. */
export function ownMatchers(context: Context): string {
  return `namespace=~"${context.spec.services.map(({ name }) => nameOf(context, name)).join("|")}"`;
}

/** The expressions of PromQL over what Cloud Run measures. Its times are milliseconds. */
function signalsOf(context: Context, service: Service): Signals {
  const of = serviceMatchers(context, service);
  const rate = (matchers: string, window: string): string =>
    `sum(rate(run_googleapis_com:request_count{${matchers}}[${window}]))`;
  return {
    errorShare: (window) => `${rate(`${of},response_code_class="5xx"`, window)} / ${rate(of, window)}`,
    p95: `histogram_quantile(0.95, sum by (le) (rate(run_googleapis_com:request_latencies_bucket{${of}}[5m]))) / 1000`,
    down: downOf(context, service, of),
    // Starts for each instance that ran: a service that grows starts many once, one that fails starts few again and again.
    starts: (window) =>
      `sum(increase(run_googleapis_com:container_startup_latencies_count{${of}}[${window}])) / clamp_min(sum(max_over_time(run_googleapis_com:container_instance_count{${of}}[${window}])), 1)`,
  };
}

/** From outside where it can be asked, else by whether an instance is there at all. */
function downOf(context: Context, service: Service, of: string): Signals["down"] {
  const check = uptimeOf(context, service);
  if (check === undefined)
    return service.scale.min === 0
      ? undefined
      : [
          `absent(run_googleapis_com:container_instance_count{${of}}) or sum(run_googleapis_com:container_instance_count{${of}}) < 1`,
          "No instance runs",
        ];
  const window = `${Math.max(180, seconds(context.spec.alerts.downtime.for))}s`;
  const passed = `monitoring_googleapis_com:uptime_check_check_passed{${check.matchers}}`;
  return [`max(max_over_time(${passed}[${window}])) < 1`, `Nobody outside gets an answer of ${check.host}`];
}

/** A question from outside, once a minute from several places. */
export interface UptimeCheck {
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly matchers: string;
}

/** The check of a service that a balancer leads to; undefined where strangers cannot ask. */
export function uptimeOf(context: Context, service: Service): UptimeCheck | undefined {
  const [host] = service.access.hosts;
  if (!hasEdge(service) || host === undefined) return undefined;
  return {
    name: nameOf(context, service.name),
    host,
    // The balancer leads to no other question of health.
    path: service.probes.liveness.path,
    matchers: `monitored_resource="uptime_url",host="${host}"`,
  };
}

/** An alert policy with the name of its file. */
export interface Policy {
  readonly file: string;
  readonly body: Values;
}

/** Every alert policy of a system, as `gcloud alpha monitoring policies create --policy-from-file` takes it. */
export function policies(context: Context): readonly Policy[] {
  const { spec } = context;
  const own = spec.images.collector === undefined ? undefined : ownMatchers(context);
  const rules = spec.services.flatMap((service) => {
    const [first, slo] = alertsOf(spec, service.name, signalsOf(context, service));
    const dropped =
      own === undefined ? [] : [droppedAlert(spec, service.name, `namespace="${nameOf(context, service.name)}"`)];
    const burns = slo.rules.filter(({ labels }) => hours(labels["window"]) <= LONGEST_WINDOW_HOURS);
    return [...first.rules, ...dropped, ...burns];
  });
  const budget = own === undefined ? [] : budgetAlerts(spec, own).flatMap((group) => group.rules.map(withinADay));
  return [...[...rules, ...budget].map((rule) => policyOf(context, rule)), ...backupPolicies(context)];
}

function hours(window: string | undefined): number {
  const [, count, unit] = /^(\d+)([hd])$/.exec(window ?? "") ?? [];
  return Number(count) * (unit === "d" ? 24 : 1);
}

/** A month's budget as what a day of it may cost: no alert here looks back a month. */
function withinADay(rule: AlertRule): AlertRule {
  return {
    ...rule,
    expr: rule.expr.replace(/sum\(increase\((.*)\[30d\]\)\)/, "30 * sum(increase($1[1d]))"),
    annotations: { ...rule.annotations, summary: `${rule.annotations["summary"] ?? ""}, at the pace of the last day` },
  };
}

function policyOf({ spec, prefix }: Context, { alert, expr, labels, annotations, ...rule }: AlertRule): Policy {
  const parts = [labels["service"], labels["window"], labels["percent"]].filter((part) => part !== undefined);
  const words = alert
    .replace(/^Slipway/, "")
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
  const summary = annotations["summary"] ?? alert;
  return {
    file: [...parts, words].join("-"),
    body: {
      displayName: `${prefix}: ${[...parts, words].join(" ")}`,
      combiner: "OR",
      conditions: [
        {
          displayName: summary,
          conditionPrometheusQueryLanguage: {
            query: expr,
            duration: rule.for ?? "60s",
            evaluationInterval: "60s",
            ruleGroup: prefix,
            alertRule: alert,
          },
        },
      ],
      ...policyEnd(spec.alerts.runbook, summary, labels["severity"] === "critical" ? "CRITICAL" : "WARNING"),
    },
  };
}

function policyEnd(runbook: string | undefined, summary: string, severity: string): Values {
  return {
    documentation: {
      content: `${summary}.${runbook === undefined ? "" : ` What to do: ${runbook}`}`,
      mimeType: "text/markdown",
    },
    severity,
    alertStrategy: { autoClose: "1800s" },
    userLabels: { "managed-by": "slipway" },
  };
}

function backupPolicies(context: Context): readonly Policy[] {
  const { spec, prefix } = context;
  if (spec.data.postgres?.backups === undefined) return [];
  const filter = `resource.type = "cloud_run_job" AND resource.labels.job_name = "${nameOf(context, "backup")}" AND metric.type = "run.googleapis.com/job/completed_execution_count" AND metric.labels.result = "succeeded"`;
  const summary = "No backup of the database has succeeded for 25 hours";
  return [
    {
      file: "backup-missing",
      body: {
        displayName: `${prefix}: backup missing`,
        combiner: "OR",
        conditions: [
          {
            displayName: summary,
            conditionThreshold: {
              filter,
              // The longest that a policy may look back.
              aggregations: [
                { alignmentPeriod: "90000s", perSeriesAligner: "ALIGN_SUM", crossSeriesReducer: "REDUCE_SUM" },
              ],
              comparison: "COMPARISON_LT",
              thresholdValue: 1,
              duration: "0s",
              evaluationMissingData: "EVALUATION_MISSING_DATA_ACTIVE",
              trigger: { count: 1 },
            },
          },
        ],
        ...policyEnd(spec.alerts.runbook, summary, "CRITICAL"),
      },
    },
  ];
}
