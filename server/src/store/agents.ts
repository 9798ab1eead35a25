/** An agent of a tenant's own at rest, as it is now. */
export interface StoredAgent {
  readonly name: string;
  /** Whom it belongs to; null: to nobody but the tenant. */
  readonly userId: string | null;
  /** From 1. */
  readonly version: number;
  /** SHA-256 of the definition in hex. */
  readonly hash: string;
  /** As it was given; checked by whoever reads it. */
  readonly spec: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One version of an agent. */
export interface StoredAgentVersion {
  readonly version: number;
  readonly hash: string;
  readonly spec: unknown;
  /** The caller who made it, as audit records name them. */
  readonly madeBy: string;
  readonly createdAt: Date;
}

/** What a version is made of. */
export interface NewAgentVersion {
  readonly hash: string;
  readonly spec: object;
  readonly madeBy: string;
}

export interface StoredAgents {
  /** Makes version 1. Throws `conflict` when the name is taken or the tenant has `most` agents, `not_found` without such a tenant or user. */
  create(
    tenantId: string,
    agent: NewAgentVersion & { readonly name: string; readonly userId: string | null },
    most: number,
  ): Promise<StoredAgent>;
  /** By name, at most 1,000; their specs without `instructions`, which are long. */
  list(tenantId: string): Promise<readonly StoredAgent[]>;
  get(tenantId: string, name: string): Promise<StoredAgent | undefined>;
  /** What the agent was in this version, when it had this hash; undefined when there is none such, or the agent is gone. */
  version(tenantId: string, name: string, version: number, hash: string): Promise<StoredAgentVersion | undefined>;
  /** Newest first, those before `before` when it is given. */
  versions(
    tenantId: string,
    name: string,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<readonly StoredAgentVersion[]>;
  /**
   * Adds a version; the same definition again adds none. Undefined when the tenant has no such agent. Throws `precondition_failed` when
   * `expected` is given and the agent's hash is none of these, `conflict` when the agent has as many versions as it may have.
   */
  update(
    tenantId: string,
    name: string,
    next: NewAgentVersion,
    expected: readonly string[] | undefined,
  ): Promise<StoredAgent | undefined>;
  /** Removes the agent with its versions; false when the tenant has no such agent. Throws `precondition_failed` as `update` does. */
  remove(tenantId: string, name: string, expected: readonly string[] | undefined): Promise<boolean>;
}
