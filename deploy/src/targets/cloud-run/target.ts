import type { RenderedFile } from "#render/file.ts";
import { assertPinned } from "#render/pinned.ts";
import { header, yamlText } from "#render/yaml.ts";
import type { Target } from "../target.ts";
import { invokerPolicy } from "./access.ts";
import { type Context, contextOf } from "./context.ts";
import { dashboard } from "./dashboard.ts";
import { backendService, publicServices, redirectMap, securityPolicy, urlMap } from "./edge.ts";
import { collectorText } from "./files.ts";
import { jobManifest, jobsOf } from "./jobs.ts";
import { policies } from "./monitoring.ts";
import { runbook } from "./runbook.ts";
import { bootstrapScript } from "./scripts/bootstrap.ts";
import { dataScript } from "./scripts/data.ts";
import { deployScript } from "./scripts/deploy.ts";
import { edgeScript } from "./scripts/edge.ts";
import { monitoringScript } from "./scripts/monitoring.ts";
import { serviceManifests } from "./service.ts";

/** Google Cloud Run: files that gcloud takes as they are, and the scripts that hand them to it. */
export const cloudRunTarget: Target = {
  name: "cloud-run",
  render({ spec }) {
    const context = contextOf(spec);
    assertPinned(spec, ["app", "collector", ...(spec.data.postgres?.backups ? (["postgres"] as const) : [])]);
    return [
      ...scripts(context),
      ...config(context),
      ...services(context),
      ...jobsOf(context).map((job) => yaml(context, `jobs/${job}.yaml`, jobManifest(context, job))),
      ...edge(context),
      ...policies(context).map(({ file, body }) => yaml(context, `monitoring/policies/${file}.yaml`, body)),
      { path: "monitoring/dashboard.json", text: `${JSON.stringify(dashboard(context), null, 1)}\n` },
    ];
  },
  runbook: ({ spec }) => runbook(contextOf(spec)),
};

function yaml({ spec }: Context, path: string, value: unknown): RenderedFile {
  return { path, text: yamlText(header(spec, "cloud-run"), value) };
}

function scripts(context: Context): readonly RenderedFile[] {
  const all = [
    ["bootstrap.sh", bootstrapScript(context)],
    ["data.sh", dataScript(context)],
    ["deploy.sh", deployScript(context)],
    ["edge.sh", edgeScript(context)],
    ["monitoring.sh", monitoringScript(context)],
  ] as const;
  return all.flatMap(([path, text]) => (text === undefined ? [] : [{ path, text }]));
}

function config(context: Context): readonly RenderedFile[] {
  const { spec } = context;
  const keepDays = spec.data.postgres?.backups?.keepDays;
  const ports = spec.images.collector === undefined ? [] : [...new Set(spec.services.map(({ port }) => port))];
  return [
    // As it is hashed: without the lines that other files begin with.
    { path: "config/slipway.yaml", text: context.config },
    ...ports.map((port) => ({ path: `config/collector-${port}.yaml`, text: collectorText(port) })),
    ...(keepDays === undefined
      ? []
      : [
          {
            path: "config/backups-lifecycle.json",
            text: `${JSON.stringify({ rule: [{ action: { type: "Delete" }, condition: { age: keepDays } }] }, null, 1)}\n`,
          },
        ]),
  ];
}

function services(context: Context): readonly RenderedFile[] {
  return context.spec.services.flatMap((service) => [
    yaml(context, `iam/${service.name}.yaml`, invokerPolicy(context, service)),
    ...serviceManifests(context, service).map(([region, manifest]) =>
      marked(yaml(context, `services/${region}/${service.name}.yaml`, manifest)),
    ),
  ]);
}

/** What our own check would ask about, answered where it stands. */
function marked({ path, text }: RenderedFile): RenderedFile {
  const why = "# slipway: ignore cloud-run-yaml-public because slipway.yaml says access: public";
  return { path, text: text.replace(/^( *)(run\.googleapis\.com\/invoker-iam-disabled: .*)$/m, `$1${why}\n$1$2`) };
}

function edge(context: Context): readonly RenderedFile[] {
  const fronted = publicServices(context);
  if (fronted.length === 0) return [];
  return [
    ...fronted.map((service) => yaml(context, `edge/backend-${service.name}.yaml`, backendService(context, service))),
    yaml(context, "edge/url-map.yaml", urlMap(context)),
    yaml(context, "edge/redirect.yaml", redirectMap(context)),
    ...(context.settings.edge.waf ? [yaml(context, "edge/waf.yaml", securityPolicy(context))] : []),
  ];
}
