/** Wrapped data keys: one a tenant for now, later one a data subject too. Shredding the key erases what it encrypted. */
export interface Subjects {
  /** The subject's wrapped data key, or undefined. */
  wrappedKey(tenantId: string, subject: string): Promise<Uint8Array | undefined>;
  /** Stores the key unless there is one already, and answers the one that is stored: two servers that race agree. Throws `not_found` when there is no such tenant. */
  putWrappedKey(tenantId: string, subject: string, wrappedKey: Uint8Array): Promise<Uint8Array>;
}
