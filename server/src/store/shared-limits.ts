/** One limit of a reservation: a bucket of requests, tokens and places, or the money of a window. */
export type SharedEntry =
  | {
      readonly kind: "bucket";
      /** Names the limit and its subject within the tenant. */
      readonly key: string;
      /** 0: none. */
      readonly requestsPerMinute: number;
      readonly tokensPerMinute: number;
      readonly concurrency: number;
      /** The call counts as a request and takes a place. */
      readonly counts: boolean;
      readonly tokens: number;
    }
  | {
      readonly kind: "money";
      readonly key: string;
      /** Nano-dollars. */
      readonly cap: number;
      readonly amount: number;
      /** Milliseconds since the epoch, from which nobody needs it any more. */
      readonly expiresAt: number;
      /** What the ledger knows of calls of the window that were booked before a time; undefined: not asked yet. */
      readonly base: { readonly spent: number; readonly before: number } | undefined;
    };

/** How the replicas' common counts answered. For each entry the levels of its buckets, or what is spent and reserved. */
export interface SharedAnswer {
  readonly status: "taken" | "refused" | "unknown";
  readonly entry: number;
  readonly bound: "requests" | "tokens" | "concurrency" | "money" | undefined;
  readonly waitMs: number;
  readonly states: readonly (readonly [number, number])[];
}

/** What a reservation gives back when it ends or its lease runs out. */
export interface Hold {
  readonly key: string;
  readonly of: "place" | "money";
  readonly amount: number;
}

/** How long a reservation is kept after it was last heard of, and what it holds. The places are a lease of their own, `<id>:n`. */
export interface SharedLease {
  readonly id: string;
  readonly ttlMs: number;
  readonly money: readonly Hold[];
  readonly places: readonly Hold[];
}

/** One correction of the common counts. */
export type SharedChange =
  | { readonly kind: "give"; readonly leaseId: string }
  | { readonly kind: "spend"; readonly key: string; readonly amount: number; readonly bookedAt: number }
  /** Let in without the common counts. */
  | {
      readonly kind: "used";
      readonly key: string;
      readonly requests: number;
      readonly requestsPerMinute: number;
      readonly tokens: number;
      readonly tokensPerMinute: number;
    }
  | { readonly kind: "tokens"; readonly key: string; readonly tokens: number; readonly tokensPerMinute: number }
  | { readonly kind: "renew"; readonly leaseId: string; readonly ttlMs: number; readonly holds: readonly Hold[] };

/** Counts that replicas share. Every verb ends within a deadline and never rejects: undefined, nobody knows what became of it. */
export interface SharedLimits {
  /** False while the counts are passed over. */
  readonly up: boolean;
  /** Resolves when it is known for the first time whether the counts answer. */
  readonly known: Promise<void>;
  /** Calls back each time that the counts answer again after a time without. */
  whenBack(listener: () => void): void;
  /** Takes from all entries, or from none. */
  reserve(tenantId: string, lease: SharedLease, entries: readonly SharedEntry[]): Promise<SharedAnswer | undefined>;
  /** Takes a batch of changes once, however often it is sent with its number. What was spent before and after each `spend`; none of a batch that was taken before. */
  settle(
    tenantId: string,
    batch: { readonly process: string; readonly number: number; readonly changes: readonly SharedChange[] },
  ): Promise<readonly (readonly [number, number])[] | undefined>;
  close(): void;
}
