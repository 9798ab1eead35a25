import type { Envelopes as TenantEnvelopes } from "#keys/envelope.ts";

/** Encryption under a tenant's own key, as the memory and the agents use it. */
export type Envelopes = Pick<TenantEnvelopes, "seal" | "open">;

/** The name of a thing as additional data of an envelope. A JSON array, because with a separator one list of names could read as another. */
export function nameOf(kind: string, ...names: readonly string[]): string {
  return JSON.stringify([kind, ...names]);
}
