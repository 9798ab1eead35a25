import { SERVER_ENTRY } from "@slipway/contracts/server-command.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { CONFIG_PATH, releaseOf } from "#render/settings.ts";
import { header } from "#render/yaml.ts";
import type { Service, Spec } from "#spec/spec.ts";

/**
 * Railway's config as code (https://docs.railway.com/config-as-code/reference, 2026-11-21). Its health check decides when
 * requests move to a new deployment and is not asked again, so readiness is what it asks; how many instances run is fixed.
 */
export function railwayJson(spec: Spec, service: Service, migrates: boolean): string {
  const { startup, readiness } = service.probes;
  const drain = seconds(service.drain);
  const value = {
    $schema: "https://railway.com/railway.schema.json",
    build: { builder: "DOCKERFILE", dockerfilePath: "Dockerfile" },
    deploy: {
      ...(migrates && spec.data.postgres
        ? { preDeployCommand: [`node ${SERVER_ENTRY} migrate --grant-to ${spec.data.postgres.login}`] }
        : {}),
      healthcheckPath: readiness.path,
      healthcheckTimeout: seconds(startup.period) * startup.failures,
      restartPolicyType: "ALWAYS",
      ...replicas(spec, service),
      // The one before goes on until the new one has its requests, then has the time to end its own.
      overlapSeconds: 20,
      drainingSeconds: drain + 5,
    },
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The least that the spec wants, in each region. */
function replicas({ environment: { regions } }: Spec, { scale }: Service): Readonly<Record<string, unknown>> {
  const numReplicas = Math.max(1, scale.min);
  if (regions.length === 0) return { numReplicas };
  return { multiRegionConfig: Object.fromEntries(regions.map((region) => [region, { numReplicas }])) };
}

/** The image by its digest, and the server's sections of slipway.yaml: Railway mounts no files. */
export function dockerfile(spec: Spec): string {
  return [
    header(spec, "railway").trimEnd(),
    "# The image must be one that can be pulled without a password.",
    `FROM ${spec.images.app}`,
    `COPY slipway.yaml ${CONFIG_PATH}`,
    `ENV SLIPWAY_RELEASE=${releaseOf(spec)}`,
    "USER 1000:1000",
    "",
  ].join("\n");
}
