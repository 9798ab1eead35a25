import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import { mebibytes, millicores, seconds } from "@slipway/contracts/spec/quantity.ts";
import { isMounted } from "@slipway/contracts/spec/secret.ts";
import { nearest } from "@slipway/contracts/nearest.ts";
import { readByReference } from "./reference-problems.ts";
import type { Secret, Service, Spec } from "./spec.ts";

// https://cloud.google.com/run/docs/configuring/services/cpu and …/memory-limits: cores that an instance may have, and the
// memory that each may go with. Less than one core allows one request at a time only.
const CORES: readonly (readonly [millicores: number, least: number, most: number])[] = [
  [1000, 512, 4096],
  [2000, 512, 8192],
  [4000, 2048, 16_384],
  [6000, 4096, 24_576],
  [8000, 4096, 32_768],
];

/** Registries that it pulls from: https://cloud.google.com/run/docs/deploying#images */
const PULLED = /^((?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|docker\.io)\//;

/** Jobs that have identities of their own besides services. */
const STEPS = ["migrate", "backup", "scheduler"];

/** What Cloud Run would refuse, told where it stands in the file. */
export function cloudRunProblems(spec: Spec): readonly YamlProblem[] {
  const { environment, environmentName, services, secrets } = spec;
  if (environment.target !== "cloud-run" || environmentName === undefined) return [];
  const at = ["environments", environmentName] as const;
  const problems: YamlProblem[] = [];
  if (environment.project === undefined)
    problems.push({ path: [...at], message: "must name a `project` for cloud-run", ofKey: true });
  if (environment.regions.length === 0)
    problems.push({ path: [...at], message: "must name at least one of `regions` for cloud-run", ofKey: true });
  for (const name of ["app", "postgres", "collector"] as const) {
    const image = spec.images[name];
    if (image !== undefined && !PULLED.test(image))
      problems.push({
        path: ["images", name],
        message: "must lie in Artifact Registry or Docker Hub for cloud-run; a remote repository there mirrors others",
      });
  }
  const byReference = readByReference(spec);
  for (const secret of secrets) {
    const message = secretProblem(secret, environment.project, byReference);
    if (message !== undefined) problems.push({ path: secret.path, message });
  }
  const components = [...services.map(({ name }) => name), ...STEPS];
  for (const name of Object.keys(environment.cloudRun?.identities ?? {})) {
    if (components.includes(name)) continue;
    const suggestion = nearest(name, components);
    problems.push({
      path: [...at, "cloudRun", "identities", name],
      message: `is nobody's: there are ${components.join(", ")}`,
      ofKey: true,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  return [...problems, ...services.flatMap((service) => limits(spec, service))];
}

/** Why Cloud Run cannot give a secret to a container, and the server cannot read it itself either. */
function secretProblem(
  { variable, place }: Secret,
  project: string | undefined,
  byReference: ReadonlySet<string>,
): string | undefined {
  if (place.kind !== "gcp-sm") return "must lie in gcp-sm for cloud-run";
  if (isMounted(place, project) || byReference.has(variable)) return undefined;
  return "must be a whole secret of the same project for cloud-run, or name another project by its number: the server does not read this variable by reference";
}

function limits({ environment }: Spec, service: Service): readonly YamlProblem[] {
  const at = ["services", service.name] as const;
  const problems: YamlProblem[] = [];
  const say = (path: readonly string[], message: string): void => {
    problems.push({ path: [...at, ...path], message: `${message} on cloud-run` });
  };
  const [cores, memory] = [millicores(service.cpu), mebibytes(service.memory)];
  const allowed = CORES.find(([each]) => each === cores);
  if (allowed === undefined) say(["cpu"], "must be 1, 2, 4, 6 or 8");
  else if (memory < allowed[1] || memory > allowed[2])
    say(["memory"], `must be ${allowed[1]}Mi to ${allowed[2]}Mi with ${cores / 1000} cores`);
  if (service.concurrency > 1000) say(["concurrency"], "must be at most 1000");
  if (seconds(service.timeout) > 3600) say(["timeout"], "must be at most 1h");
  const { period, failures } = service.probes.startup;
  if (seconds(period) * failures > 240) say(["probes", "startup"], "must end within 240 s (period × failures)");
  if (environment.regions.length > 1 && service.access.kind === "public" && service.access.hosts.length === 0)
    say(["access", "hosts"], "must name a host where there are several regions: a balancer leads to them");
  return problems;
}
