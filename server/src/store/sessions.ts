/** A session to be made. */
export interface NewSession {
  readonly id: string;
  /** SHA-256 of its token. */
  readonly tokenHash: Uint8Array;
  readonly owner: string;
  /** As the identity room writes it. */
  readonly caller: object;
  readonly idleUntil: Date;
  readonly expiresAt: Date;
}

export interface Sessions {
  /**
   * Makes the session; of its owner's live ones the oldest beyond `most` are revoked, and some that ended over a day ago removed.
   * Throws `not_found` when there is no such tenant.
   */
  create(tenantId: string, session: NewSession, most: number): Promise<void>;
  /** Moves the end of idleness; nothing happens to a session that has ended. */
  touch(tenantId: string, id: string, idleUntil: Date): Promise<void>;
  /** False when the tenant has no such live session. */
  revoke(tenantId: string, id: string): Promise<boolean>;
  /** Revokes every live session of the owner; answers how many there were. */
  revokeAll(tenantId: string, owner: string): Promise<number>;
}
