import { SlipwayError } from "@slipway/contracts/errors.ts";
import { nearest } from "@slipway/contracts/nearest.ts";
import { alertsSchema } from "@slipway/contracts/spec/alerts.ts";
import { type EnvironmentSpec, environmentSchema, type TargetName } from "@slipway/contracts/spec/environment.ts";
import {
  PARSED_ONCE,
  type ReadYaml,
  type YamlPath,
  type YamlProblem,
  yamlProblems,
} from "@slipway/contracts/spec/read-yaml.ts";
import { secretPlace } from "@slipway/contracts/spec/secret.ts";
import type { ServiceSpec } from "@slipway/contracts/spec/service.ts";
import { serverSections, slipwayYamlSchema, type SlipwayYaml } from "@slipway/contracts/spec/slipway-yaml.ts";
import { liftClientSecrets } from "./issuer-secrets.ts";
import { isMap, mergeYaml, valueAt } from "./merge.ts";
import { problemsOf } from "./problems.ts";
import { type Secret, type Service, type Spec, STEP_SECRETS } from "./spec.ts";

/** What a command line says besides the file. */
export interface ResolveOptions {
  /** The digest of the server's image, `sha256:…`; replaces the file's. */
  readonly digest?: string | undefined;
  /** Another target than the environment's. */
  readonly target?: TargetName | undefined;
}

/**
 * The system as it is in one environment. Pure. Throws `config_invalid` with line and column when what an environment overrides
 * makes no right whole, or parts do not fit each other; `spec_incomplete` when something is missing; `usage` for a name that is no environment.
 */
export function resolveEnvironment(read: ReadYaml, name: string, options: ResolveOptions = {}): Spec {
  const environments = read.spec.environments ?? {};
  const environment = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (environment === undefined) throw unknownEnvironment(name, Object.keys(environments));
  const over = valueAt(read.raw, ["environments", name]);
  const changes = isMap(over) ? overlay(over) : {};
  const merged = mergeYaml(read.raw, changes);
  // No environment overrides environments, and all were looked at when the file was read: they are most of it.
  const result = slipwayYamlSchema.safeParse(
    isMap(merged) ? { ...merged, environments: undefined } : merged,
    PARSED_ONCE,
  );
  const place = placing(changes, read.raw, name);
  const written = (path: YamlPath): unknown => valueAt(merged, path);
  if (!result.success) throw read.error(yamlProblems(result.error.issues, written).map(place));
  const spec = specOf(
    result.data,
    { ...environment, target: options.target ?? environment.target },
    name,
    options.digest,
  );
  const problems = problemsOf(spec);
  if (problems.length > 0) throw read.error(problems.map(place));
  return spec;
}

/** What all environments have in common, as if it were one of this target. Throws `spec_incomplete`. */
export function resolveCommon(read: ReadYaml, target: TargetName, digest: string | undefined): Spec {
  return specOf(read.spec, environmentSchema.parse({ target }, PARSED_ONCE), undefined, digest);
}

function overlay(environment: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const overrides = isMap(environment["overrides"]) ? environment["overrides"] : {};
  return isMap(environment["secrets"]) ? { ...overrides, secrets: environment["secrets"] } : overrides;
}

/** Problems of the whole as problems of the file: what the environment said is at fault where it said something. */
function placing(changes: unknown, raw: unknown, name: string): (problem: YamlProblem) => YamlProblem {
  return (problem) => {
    const [first] = problem.path;
    const inBase = valueAt(raw, problem.path) !== undefined;
    const changed = valueAt(changes, problem.path) !== undefined;
    const near = !inBase && valueAt(changes, problem.path.slice(0, -1)) !== undefined;
    if (!changed && !near) return problem;
    const at = first === "secrets" ? ["environments", name] : ["environments", name, "overrides"];
    return { ...problem, path: [...at, ...problem.path] };
  };
}

function unknownEnvironment(name: string, names: readonly string[]): SlipwayError {
  const guess = nearest(name, names);
  return new SlipwayError(
    "usage",
    `There is no environment "${name}"${guess === undefined ? "." : `, did you mean "${guess}"?`}`,
    {
      hint: names.length === 0 ? "Add it to `environments` of the file." : `There are: ${names.join(", ")}.`,
    },
  );
}

function incomplete(what: string, hint: string): SlipwayError {
  return new SlipwayError("spec_incomplete", `The file does not say ${what}.`, { hint });
}

function specOf(
  file: SlipwayYaml,
  environment: EnvironmentSpec,
  name: string | undefined,
  digest: string | undefined,
): Spec {
  if (file.name === undefined)
    throw incomplete("what the system is called", "Add `name: my-system`; `slipway init` writes a whole file.");
  const services = Object.entries(file.services ?? {});
  if (services.length === 0) throw incomplete("what runs", "Add `services`; `slipway init` writes a whole file.");
  const app = file.images?.app;
  if (app === undefined) throw incomplete("which image runs", "Add `images: { app: registry.example/name@sha256:… }`.");
  const own = sorted(file.secrets ?? {}).flatMap(([variable, reference]): readonly Secret[] => {
    const place = secretPlace(reference);
    return place === undefined ? [] : [{ variable, reference, place, path: ["secrets", variable] }];
  });
  const shared = own.map(({ variable }) => variable).filter((variable) => !STEP_SECRETS.test(variable));
  const { identity, secrets: lifted } = liftClientSecrets(file.identity);
  // Whoever serves reads the issuers at its start, whatever else it gets.
  const issuers = lifted.map(({ variable }) => variable);
  return {
    name: file.name,
    environmentName: name,
    stage: environment.stage ?? stageOf(name),
    environment,
    images: { ...file.images, app: digest === undefined ? app : `${app.replace(/(:[^/@]+)?(@.*)?$/, "")}@${digest}` },
    services: sorted(file.services ?? {}).map(([service, value]) => serviceOf(service, value, shared, issuers)),
    data: file.data ?? {},
    env: Object.fromEntries(sorted(file.env ?? {})),
    secrets: [...own, ...lifted].sort((a, b) => (a.variable < b.variable ? -1 : 1)),
    identity,
    server: serverSections({ ...file, identity }),
    alerts: file.alerts ?? alertsSchema.parse({}, PARSED_ONCE),
  };
}

function serviceOf(name: string, value: ServiceSpec, shared: readonly string[], issuers: readonly string[]): Service {
  const secrets = [...(value.secrets ?? shared), ...issuers].sort();
  return { ...value, name, env: Object.fromEntries(sorted(value.env)), secrets };
}

function stageOf(name: string | undefined): Spec["stage"] {
  return name === "development" || name === "staging" ? name : "production";
}

/** Entries by key in the order of their bytes, which no locale changes. */
function sorted<Value>(values: Readonly<Record<string, Value>>): readonly (readonly [string, Value])[] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
