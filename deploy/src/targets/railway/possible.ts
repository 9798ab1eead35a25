import { SlipwayError } from "@slipway/contracts/errors.ts";
import { nearest } from "@slipway/contracts/nearest.ts";
import type { Spec } from "#spec/spec.ts";

/** Railway's regions by the names that it gives them (https://docs.railway.com/deployments/regions, 2026-11-21). */
const REGIONS = ["us-west2", "us-east4-eqdc4a", "europe-west4-drams3a", "asia-southeast1-eqsg3a"];

/**
 * Refuses what Railway cannot do, rather than leaving it out: callers' identities, weighted releases, dumps to a bucket.
 * Throws `spec_incomplete`.
 */
export function assertPossible({ environment, environmentName, services, images, data }: Spec): void {
  const at = `environments.${environmentName ?? "NAME"}`;
  for (const { name, access } of services)
    if (access.kind === "private")
      throw refused(
        `Railway knows no identities of callers, so ${name} cannot be \`private\``,
        `Say \`overrides: { services: { ${name}: { access: { kind: internal } } } }\` in ${at}, or public.`,
      );
  if (environment.rollout.strategy !== "rolling")
    throw refused(
      `Railway moves all requests at once: it has no ${environment.rollout.strategy} releases`,
      `Say \`rollout: { strategy: rolling }\` in ${at}.`,
    );
  if (!images.app.includes("@sha256:"))
    throw refused(
      `the image \`app\` has no digest: ${images.app}`,
      "Pass --digest sha256:…, or write it into `images.app`.",
    );
  if (/\.dkr\.ecr(-fips)?\./.test(images.app))
    throw refused(
      `Railway's builder signs in to no registry, and ${images.app.split("/", 1)[0] ?? ""} wants it`,
      `Say \`overrides: { images: { app: … } }\` in ${at}: an image on ghcr.io or another registry that anyone may pull from.`,
    );
  if (data.postgres?.backups !== undefined)
    throw refused(
      "Railway runs no job that brings dumps to a bucket; it has backups of its volumes",
      `Say \`overrides: { data: { postgres: { backups: null } } }\` in ${at}, and turn Railway's on.`,
    );
  for (const region of environment.regions) {
    if (REGIONS.includes(region)) continue;
    const guess = nearest(region, REGIONS) ?? REGIONS.find((one) => one.startsWith(region.slice(0, 4)));
    throw refused(
      `the region ${region} is none of Railway's${guess === undefined ? "" : `, ${guess} is`}`,
      `There are: ${REGIONS.join(", ")}. Absent: the one that the project prefers.`,
    );
  }
}

function refused(what: string, hint: string): SlipwayError {
  return new SlipwayError("spec_incomplete", `${what[0]?.toUpperCase() ?? ""}${what.slice(1)}.`, { hint });
}
