import { header, yamlText } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";
import type { Target } from "../target.ts";
import { haproxyConfig } from "./haproxy.ts";
import { runbook } from "./runbook.ts";
import { secretFiles, secretScript } from "./secret-files.ts";
import { services } from "./services.ts";
import { shiftScript } from "./shift.ts";
import { stores } from "./stores.ts";

/** One machine: containers behind HAProxy, with a database and a Redis of their own. */
export const composeTarget: Target = {
  name: "compose",
  render({ spec }) {
    const head = header(spec, "compose");
    return [
      {
        path: "compose.yaml",
        text: withReasons(
          yamlText(`${head}# First ./make-secrets.sh, then docker compose up --wait.\n`, composeFile(spec)),
        ),
      },
      { path: "haproxy.cfg", text: haproxyConfig(spec) },
      { path: "config/slipway.yaml", text: yamlText(head, spec.server) },
      { path: "make-secrets.sh", text: secretScript(spec) },
      { path: "shift.sh", text: shiftScript(spec) },
      { path: ".gitignore", text: `${head}secrets/\n` },
    ];
  },
  runbook: ({ spec }) => runbook(spec),
};

/**
 * Says beside each image that goes by its tag why our own check lets it: on one machine the tag is how fixes of HAProxy, PostgreSQL and
 * Redis arrive, and whoever would rather pin them names a digest in the spec.
 */
function withReasons(text: string): string {
  return text.replace(
    /^ +image: docker\.io\/library\/(haproxy|postgres|redis):[^@\s]+$/gm,
    (line, name: string) =>
      `${line} # slipway: ignore image-without-digest: the tag brings fixes; images.${name} pins it`,
  );
}

function composeFile(spec: Spec): Readonly<Record<string, unknown>> {
  const all = Object.entries({ ...services(spec), ...stores(spec) }).sort(([a], [b]) => (a < b ? -1 : 1));
  const volumes = [...(spec.data.postgres ? ["postgres"] : []), ...(spec.data.redis ? ["redis"] : [])];
  return {
    name: `${spec.name}-${spec.environmentName ?? "default"}`,
    services: Object.fromEntries(all),
    networks: {
      // Stores and services; nothing leads out of it.
      back: { internal: true },
      // Where the balancer's port is published.
      front: {},
      // Where services reach models.
      out: {},
    },
    secrets: Object.fromEntries(secretFiles(spec).map((name) => [name, { file: `./secrets/${name}` }])),
    ...(volumes.length > 0 ? { volumes: Object.fromEntries(volumes.map((name) => [name, {}])) } : {}),
  };
}
