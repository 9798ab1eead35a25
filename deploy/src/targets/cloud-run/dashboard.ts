import type { Context } from "./context.ts";
import { nameOf } from "./context.ts";
import { ownMatchers } from "./monitoring.ts";

type Values = Readonly<Record<string, unknown>>;

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly query: string;
}

function charts(context: Context): readonly Chart[] {
  const names = context.spec.services.map(({ name }) => nameOf(context, name)).join("|");
  const of = `monitored_resource="cloud_run_revision",service_name=~"${names}"`;
  const by = "service_name, location";
  const requests = `run_googleapis_com:request_count{${of}}`;
  const quantile = (share: number): string =>
    `histogram_quantile(${share}, sum by (${by}, le) (rate(run_googleapis_com:request_latencies_bucket{${of}}[5m])))`;
  const own = ownMatchers(context);
  const platform: readonly Chart[] = [
    {
      title: "Requests by class",
      unit: "1/s",
      query: `sum by (service_name, response_code_class) (rate(${requests}[5m]))`,
    },
    {
      title: "Share of errors",
      unit: "10^2.%",
      query: `sum by (${by}) (rate(run_googleapis_com:request_count{${of},response_code_class="5xx"}[5m])) / sum by (${by}) (rate(${requests}[5m]))`,
    },
    { title: "Time of answers, p50", unit: "ms", query: quantile(0.5) },
    { title: "Time of answers, p95", unit: "ms", query: quantile(0.95) },
    {
      title: "Instances",
      unit: "1",
      query: `sum by (${by}, state) (run_googleapis_com:container_instance_count{${of}})`,
    },
    {
      title: "Starts of containers",
      unit: "1",
      query: `sum by (${by}) (increase(run_googleapis_com:container_startup_latencies_count{${of}}[15m]))`,
    },
    {
      title: "CPU, p95",
      unit: "10^2.%",
      query: `histogram_quantile(0.95, sum by (${by}, le) (rate(run_googleapis_com:container_cpu_utilizations_bucket{${of}}[5m])))`,
    },
    {
      title: "Memory, p95",
      unit: "10^2.%",
      query: `histogram_quantile(0.95, sum by (${by}, le) (rate(run_googleapis_com:container_memory_utilizations_bucket{${of}}[5m])))`,
    },
  ];
  if (context.spec.images.collector === undefined) return platform;
  return [
    ...platform,
    {
      title: "Model calls",
      unit: "1/s",
      query: `sum by (provider, outcome) (rate(slipway_model_calls_total{${own}}[5m]))`,
    },
    {
      title: "Cost of models a day",
      unit: "USD",
      query: `sum by (provider) (increase(slipway_model_cost_usd_total{${own}}[1d]))`,
    },
    { title: "Records that wait", unit: "1", query: `sum by (queue) (slipway_write_queue_length{${own}})` },
    { title: "Refusals", unit: "1/s", query: `sum by (code) (rate(slipway_admission_refusals_total{${own}}[5m]))` },
  ];
}

const [COLUMNS, WIDTH, HEIGHT] = [48, 24, 16];

/** The dashboard, as `gcloud monitoring dashboards create --config-from-file` takes it. */
export function dashboard(context: Context): Values {
  return {
    displayName: context.prefix,
    labels: { slipway: "" },
    mosaicLayout: {
      columns: COLUMNS,
      tiles: charts(context).map(({ title, unit, query }, index) => ({
        xPos: (index % 2) * WIDTH,
        yPos: Math.floor(index / 2) * HEIGHT,
        width: WIDTH,
        height: HEIGHT,
        widget: {
          title,
          xyChart: {
            dataSets: [
              { plotType: "LINE", targetAxis: "Y1", timeSeriesQuery: { prometheusQuery: query, unitOverride: unit } },
            ],
            chartOptions: { mode: "COLOR" },
          },
        },
      })),
    },
  };
}
