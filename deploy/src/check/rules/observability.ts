import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { World } from "../subjects/world.ts";

/** Metrics that come from well-known exporters, by their first words. */
const KNOWN =
  /^(up|ALERTS\w*|absent|scrape_|kube_|container_|node_|process_|nodejs_|go_|http_|http_server_|prometheus_|alertmanager_|pg_|redis_|rabbitmq_|kafka_|nginx_|istio_|envoy_|coredns_|etcd_|apiserver_|kubelet_|python_|jvm_|probe_|blackbox_|haproxy_|traefik_|slipway_|stackdriver_|aws_|gcp_|run_googleapis|gen_ai_|otel|grpc_|machine_|workqueue_|cluster:|namespace_)/;
const FUNCTIONS = new Set(
  "sum rate irate increase by without on ignoring group_left group_right max min avg count stddev topk bottomk quantile histogram_quantile histogram_fraction histogram_avg histogram_count histogram_sum and or unless bool offset absent absent_over_time avg_over_time min_over_time max_over_time sum_over_time count_over_time quantile_over_time last_over_time present_over_time stddev_over_time delta idelta deriv predict_linear label_replace label_join vector scalar time clamp clamp_max clamp_min changes resets round floor ceil abs exp ln log2 log10 sqrt sgn sort sort_desc hour minute day_of_week day_of_month month year group count_values holt_winters inf nan le atan2 start end timestamp".split(
    " ",
  ),
);

/** Rules about Prometheus' alerts. */
export const OBSERVABILITY_RULES: readonly Rule[] = [
  rule(
    "rules",
    {
      id: "alert-without-metric",
      severity: "warning",
      what: "The alert looks at a metric that nothing here makes.",
      why: "An expression without data never fires: the alert is a promise that nobody keeps.",
      fix: "Name a metric that /metrics has, or record it by a rule.",
      source: REFERENCES.alerting,
    },
    (group, say, world) => {
      const made = world.once("metrics", madeMetrics);
      for (const alert of group.get("rules").items()) {
        const expr = alert.get("expr");
        if (!alert.has("alert")) continue;
        const unknown = metricsOf(expr.text).find((name) => !KNOWN.test(name) && !made(name));
        if (unknown !== undefined) say(expr, { message: `Nothing here makes the metric "${unknown}".` });
      }
    },
  ),
  rule(
    "rules",
    {
      id: "slo-alert-single-window",
      severity: "warning",
      what: "The alert on an objective looks at a single window.",
      why: "A short one wakes people for nothing, a long one hours late and long after it is over.",
      fix: "Ask a long and a short window together, for example 1 h and 5 m at 14.4 times the budget.",
      source: REFERENCES.sloAlerts,
    },
    (group, say) => {
      for (const alert of group.get("rules").items()) {
        const expr = alert.get("expr");
        const about = `${alert.get("alert").text} ${alert.get("labels", "slo").text}`;
        if (!alert.has("alert") || !ABOUT_OBJECTIVE.test(about)) continue;
        const windows = new Set(
          [...expr.text.matchAll(/\[(\d+[smhdw])|(?:rate|ratio_rate|burn_?rate)_?(\d+[smhd])/g)].map(
            (each) => each[1] ?? each[2],
          ),
        );
        if (windows.size < 2) say(expr);
      }
    },
  ),
];

/** An objective by its name: not `SlowAnswers`, and not a budget of money. */
const ABOUT_OBJECTIVE = /(?<![a-z])(slo|Slo)(?![a-z])|SLO|[Ee]rror.?[Bb]udget|[Bb]urn|[Oo]bjective/;

/** The names of metrics in an expression, labels and durations left out. */
function metricsOf(expr: string): readonly string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ")
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, " ");
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)]
    .map(([name]) => name)
    .filter(
      (name, index, all) =>
        !FUNCTIONS.has(name.toLowerCase()) &&
        !/^\d/.test(name) &&
        all.indexOf(name) === index &&
        !/^[smhdwye]$/.test(name),
    );
}

/** What recording rules of the set make, and what its custom metrics are said to be by an annotation or a ConfigMap. */
function madeMetrics(world: World): (name: string) => boolean {
  const recorded = new Set<string>();
  for (const group of world.subjects.rules)
    for (const each of group.get("rules").items()) if (each.has("record")) recorded.add(each.get("record").text);
  const relabelled = (each: Cursor): void => {
    for (const scalar of each.scalars()) if (/^(metric_name|name|metric)$/.test(scalar.key)) recorded.add(scalar.text);
  };
  for (const { node } of world.objects("ConfigMap")) relabelled(node.get("data"));
  return (name) => recorded.has(name);
}
