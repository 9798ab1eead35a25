import { dashboard } from "#render/prometheus/dashboard.ts";
import { backupAlerts, budgetAlerts, serviceAlerts } from "#render/prometheus/rules.ts";
import { type Context, manifest, type Manifest, nameOf, selectorOf } from "./manifest.ts";

/** What Prometheus scrapes, what it tells people of, and what Grafana shows. */
export function monitoring(context: Context): readonly Manifest[] {
  const { spec } = context;
  // In a base the namespace is not known yet; the name of a job is the name of its Service.
  const space = context.namespace === undefined ? "" : `namespace="${context.namespace}",`;
  const all = `${space}job=~"${spec.services.map(({ name }) => nameOf(context, name)).join("|")}"`;
  const groups = [
    ...spec.services.flatMap(({ name }) =>
      serviceAlerts(spec, name, {
        service: `${space}job="${nameOf(context, name)}"`,
        containers: `${space}container="${name}"`,
      }),
    ),
    ...budgetAlerts(spec, all),
    ...(spec.data.postgres?.backups ? backupAlerts(spec, `${space}cronjob="${nameOf(context, "backup")}"`) : []),
  ];
  return [
    ...spec.services.map((service) =>
      manifest(context, ["monitoring.coreos.com/v1", "ServiceMonitor"], [service.name, service.name], {
        spec: {
          selector: { matchLabels: selectorOf(context, service.name) },
          endpoints: [{ port: "http", path: "/metrics", interval: "30s", scrapeTimeout: "10s" }],
        },
      }),
    ),
    manifest(context, ["monitoring.coreos.com/v1", "PrometheusRule"], ["monitoring", "alerts"], { spec: { groups } }),
    manifest(
      context,
      ["v1", "ConfigMap"],
      ["monitoring", "dashboard"],
      { data: { [`${spec.name}.json`]: `${JSON.stringify(dashboard(spec, all), null, 1)}\n` } },
      { labels: { grafana_dashboard: "1" } },
    ),
  ];
}
