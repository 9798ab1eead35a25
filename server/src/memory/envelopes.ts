/** Encryption under a tenant's own key, as the memory and the agents use it. */
export interface Envelopes {
  /** Encrypts; what comes back opens only under the same tenant and the same `aad`. */
  seal(tenantId: string, plaintext: Uint8Array, aad: string): Promise<Uint8Array>;
  /** Decrypts; rejects when a byte, the tenant or the `aad` differs. */
  open(tenantId: string, ciphertext: Uint8Array, aad: string): Promise<Uint8Array>;
}

/**
 * What a ciphertext is bound to. A JSON array, because with a separator of its own one list of names could read as another.
 */
export function boundTo(kind: string, ...names: readonly string[]): string {
  return JSON.stringify([kind, ...names]);
}
