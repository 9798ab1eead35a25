import { hash } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { cloudRunSchema } from "@slipway/contracts/spec/cloud-run.ts";
import { yamlText } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";

/** What everything of a system in one project is made from. */
export interface Context {
  readonly spec: Spec;
  readonly project: string;
  /** At least one, the first one leads: jobs run there. */
  readonly regions: readonly [string, ...string[]];
  readonly settings: ReturnType<typeof cloudRunSchema.parse>;
  /** What names begin with. */
  readonly prefix: string;
  /** The server's sections of the file, as its secret holds them. */
  readonly config: string;
}

/** Cloud Run's own bound is 49 characters; what is made of a name has suffixes. */
const LONGEST_NAME = 40;
/** https://cloud.google.com/iam/docs/service-accounts-create: 6 to 30 characters. */
const LONGEST_ACCOUNT = 30;

/** Throws `spec_incomplete` when the environment lacks what Cloud Run needs. */
export function contextOf(spec: Spec): Context {
  const { environment, environmentName } = spec;
  const [first, ...others] = environment.regions;
  if (environment.project === undefined || first === undefined)
    throw new SlipwayError("spec_incomplete", "The environment does not say in which project and regions it is.", {
      hint: `Add \`project: my-project\` and \`regions: [europe-west1]\` to environments.${environmentName ?? "NAME"}.`,
    });
  const settings = cloudRunSchema.parse(environment.cloudRun ?? {});
  const prefix = settings.prefix ?? `${spec.name}-${environmentName ?? "default"}`;
  const context: Context = {
    spec,
    project: environment.project,
    regions: [first, ...others],
    settings,
    prefix,
    config: yamlText("", spec.server),
  };
  for (const { name } of spec.services) assertShort(nameOf(context, name), LONGEST_NAME);
  return context;
}

/** `<prefix>-<suffix>`. */
export function nameOf({ prefix }: Context, suffix: string): string {
  return `${prefix}-${suffix}`;
}

/** A service account of the system: one that is made when the file names none. */
export interface Identity {
  readonly email: string;
  /** What it is made as; absent when it is there already. */
  readonly id?: string;
}

/** The account that a component runs as. Throws `spec_incomplete` when a name for it is too long for one. */
export function identityOf(context: Context, component: string): Identity {
  const given = context.settings.identities[component];
  if (given !== undefined) return { email: given };
  const id = nameOf(context, component);
  assertShort(id, LONGEST_ACCOUNT);
  return { email: `${id}@${context.project}.iam.gserviceaccount.com`, id };
}

function assertShort(name: string, most: number): void {
  if (name.length <= most) return;
  throw new SlipwayError("spec_incomplete", `${name} is too long for a name on Cloud Run (${most} characters).`, {
    hint: "Give the environment a shorter `cloudRun.prefix`, or name accounts that are there in `cloudRun.identities`.",
  });
}

/** The labels of a resource: what finds the costs and logs of a system. */
export function labelsOf({ spec }: Context, component: string): Readonly<Record<string, string>> {
  return {
    "slipway-system": spec.name,
    "slipway-environment": spec.environmentName ?? "default",
    "slipway-component": component,
    "managed-by": "slipway",
  };
}

/** The first 8 hex digits of a text's SHA-256: names what never changes once it is there. */
export function sum(text: string): string {
  return hash("sha256", text).slice(0, 8);
}

/** Whether the system reaches something in the network. */
export function usesNetwork({ spec: { data } }: Context): boolean {
  return data.postgres !== undefined || data.redis !== undefined;
}
