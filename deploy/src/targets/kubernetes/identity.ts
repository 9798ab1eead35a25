import type { Context } from "./manifest.ts";

/** The annotations that give a component its identity of the cloud; none when the file names none. */
export function identityOf({ spec, provider }: Context, component: string): Readonly<Record<string, string>> {
  const identity = spec.environment.cluster?.identities[component];
  return identity === undefined ? {} : provider.identity(identity);
}
