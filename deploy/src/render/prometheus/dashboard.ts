import type { Spec } from "#spec/spec.ts";

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [legend: string, expression: string])[];
}

function panels(all: string): readonly Panel[] {
  const rate = (series: string, by: string): string => `sum by (${by}) (rate(${series}[$__rate_interval]))`;
  return [
    {
      title: "Requests",
      unit: "reqps",
      queries: [["{{status}}", rate(`slipway_http_requests_total{${all}}`, "status")]],
    },
    {
      title: "Share of errors",
      unit: "percentunit",
      queries: [
        [
          "5xx",
          `sum(rate(slipway_http_requests_total{${all},status=~"5.."}[$__rate_interval])) / sum(rate(slipway_http_requests_total{${all}}[$__rate_interval]))`,
        ],
      ],
    },
    {
      title: "Time to the last byte",
      unit: "s",
      queries: ["0.5", "0.95", "0.99"].map((quantile) => [
        `p${Number(quantile) * 100}`,
        `histogram_quantile(${quantile}, ${rate(`slipway_http_request_duration_seconds_bucket{${all}}`, "le")})`,
      ]),
    },
    {
      title: "Time to a model's first word, p95",
      unit: "s",
      queries: [
        [
          "{{provider}}",
          `histogram_quantile(0.95, ${rate(`slipway_model_time_to_first_event_seconds_bucket{${all}}`, "le, provider")})`,
        ],
      ],
    },
    {
      title: "Model calls",
      unit: "reqps",
      queries: [["{{provider}} {{outcome}}", rate(`slipway_model_calls_total{${all}}`, "provider, outcome")]],
    },
    { title: "Tokens", unit: "short", queries: [["{{class}}", rate(`slipway_model_tokens_total{${all}}`, "class")]] },
    {
      title: "Cost of models a day",
      unit: "currencyUSD",
      queries: [["{{provider}}", `sum by (provider) (increase(slipway_model_cost_usd_total{${all}}[1d]))`]],
    },
    {
      title: "Running requests",
      unit: "short",
      queries: [["{{pod}}", `sum by (pod) (slipway_in_flight_requests{${all}})`]],
    },
    {
      title: "Refusals",
      unit: "reqps",
      queries: [["{{code}}", rate(`slipway_admission_refusals_total{${all}}`, "code")]],
    },
    {
      title: "Records that wait",
      unit: "short",
      queries: [["{{queue}}", `sum by (queue) (slipway_write_queue_length{${all}})`]],
    },
    { title: "Memory", unit: "bytes", queries: [["{{pod}}", `max by (pod) (process_resident_memory_bytes{${all}})`]] },
    {
      title: "Event loop delay, p99",
      unit: "s",
      queries: [["{{pod}}", `max by (pod) (nodejs_eventloop_lag_p99_seconds{${all}})`]],
    },
  ];
}

/** A Grafana dashboard of a system, as its JSON model; `all` are the matchers of all its series. */
export function dashboard({ name }: Spec, all: string): Readonly<Record<string, unknown>> {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  return {
    uid: `slipway-${name}`.slice(0, 40),
    title: `Slipway: ${name}`,
    tags: ["slipway"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" }] },
    panels: panels(all).map(({ title, unit, queries }, index) => ({
      id: index + 1,
      type: "timeseries",
      title,
      datasource,
      gridPos: { h: 8, w: 8, x: (index % 3) * 8, y: Math.floor(index / 3) * 8 },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: queries.map(([legendFormat, expr], at) => ({
        refId: String.fromCharCode(65 + at),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
}
