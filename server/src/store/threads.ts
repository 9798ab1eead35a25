export interface StoredThread {
  readonly id: string;
  readonly agent: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Threads {
  /** Throws `conflict` when the tenant has a thread of this id, `not_found` when there is no such tenant. */
  create(tenantId: string, thread: { id: string; agent: string | null }): Promise<StoredThread>;
  get(tenantId: string, threadId: string): Promise<StoredThread | undefined>;
  /** Newest first by id, after `cursor` (an id) when given. */
  list(tenantId: string, page: { limit: number; cursor?: string }): Promise<readonly StoredThread[]>;
}
