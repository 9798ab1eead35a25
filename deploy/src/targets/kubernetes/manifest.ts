import type { Spec } from "#spec/spec.ts";
import { type Provider, providerOf } from "./providers.ts";

/** An object of Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** What every object of a system is made from. */
export interface Context {
  readonly spec: Spec;
  readonly provider: Provider;
  /** Undefined in a base, whose overlay gives one. */
  readonly namespace: string | undefined;
}

export function contextOf(spec: Spec): Context {
  const namespace =
    spec.environmentName === undefined
      ? undefined
      : (spec.environment.cluster?.namespace ?? `${spec.name}-${spec.environmentName}`);
  return { spec, provider: providerOf(spec), namespace };
}

/** What selects the pods of a component; never changes, because a Deployment's selector cannot. */
export function selectorOf({ spec }: Context, component: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": spec.name, "app.kubernetes.io/component": component };
}

/** The recommended labels (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/). */
export function labelsOf(context: Context, component: string): Readonly<Record<string, string>> {
  return {
    ...selectorOf(context, component),
    "app.kubernetes.io/part-of": "slipway",
    "app.kubernetes.io/managed-by": "slipway",
  };
}

interface ManifestOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An object of a component, called `<system>-<suffix>`. */
export function manifest(
  context: Context,
  [apiVersion, kind]: readonly [apiVersion: string, kind: string],
  [component, suffix]: readonly [component: string, suffix: string],
  body: Readonly<Record<string, unknown>>,
  { annotations, labels }: ManifestOptions = {},
): Manifest {
  return {
    apiVersion,
    kind,
    metadata: {
      name: nameOf(context, suffix),
      ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
      labels: { ...labelsOf(context, component), ...labels },
      ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    ...body,
  };
}

/** The name of an object. */
export function nameOf({ spec }: Context, suffix: string): string {
  return `${spec.name}-${suffix}`;
}
