import type { Context } from "./manifest.ts";

/** The annotations that give a component its identity of the cloud; none when the file names none. */
export function identityOf({ spec, provider }: Context, component: string): Readonly<Record<string, string>> {
  const identity = spec.environment.cluster?.identities[component];
  return identity === undefined ? {} : provider.identity(identity);
}

/** Whether a service speaks to the cloud as somebody: by an identity of its own, or because files lie in object storage. */
export function usesIdentity({ spec }: Context, service: string): boolean {
  return spec.data.objects !== undefined || spec.environment.cluster?.identities[service] !== undefined;
}
