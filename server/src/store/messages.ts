/** A message at rest: its content is encrypted before it comes here. */
export interface StoredMessage {
  readonly id: string;
  readonly role: "user" | "assistant" | "tool";
  readonly content: Uint8Array;
  readonly createdAt: Date;
}

export interface Messages {
  /**
   * Appends in order, all or none, and touches the thread's `updatedAt`. Appending an id that is there already changes nothing.
   * Throws `thread_not_found` when the tenant has no such thread.
   */
  append(
    tenantId: string,
    threadId: string,
    messages: readonly { id: string; role: StoredMessage["role"]; content: Uint8Array }[],
  ): Promise<void>;
  /**
   * Oldest first, after `cursor` (a message id) when given; empty when the thread has no such message. The message with which the contents
   * pass `bytes` is the last one.
   */
  list(
    tenantId: string,
    threadId: string,
    page: { limit: number; bytes: number; cursor?: string },
  ): Promise<readonly StoredMessage[]>;
  /** The last messages, oldest first. The one with which the contents, counted from the newest back, pass `bytes` is the first. */
  latest(tenantId: string, threadId: string, most: { limit: number; bytes: number }): Promise<readonly StoredMessage[]>;
}
