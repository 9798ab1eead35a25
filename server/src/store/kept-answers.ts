/** An answer at rest: its content is encrypted before it comes here. */
export interface KeptAnswer {
  readonly id: string;
  readonly previousId: string | null;
  readonly content: Uint8Array;
}

/** Bounds of what is read at once. */
export interface MostAnswers {
  readonly answers: number;
  /** Of content. The answer that passes it is the last that is read, so that a caller sees that there were more. */
  readonly bytes: number;
}

export interface KeptAnswers {
  /** Keeps an answer until `expiresAt`, and drops some of the tenant's that have expired. Throws `conflict` when the id is taken. */
  put(
    tenantId: string,
    answer: KeptAnswer & { readonly itemIds: readonly string[]; readonly expiresAt: Date },
  ): Promise<void>;
  get(tenantId: string, id: string): Promise<KeptAnswer | undefined>;
  /** The answer and those that it went on from, the oldest first; of them at most `most`, the newest. Empty when there is no such answer. */
  chain(tenantId: string, id: string, most: MostAnswers): Promise<readonly KeptAnswer[]>;
  /** The answers that these items are of, at most `most`, the newest. */
  withItems(tenantId: string, itemIds: readonly string[], most: MostAnswers): Promise<readonly KeptAnswer[]>;
  /** False when there was no such answer. */
  delete(tenantId: string, id: string): Promise<boolean>;
}
