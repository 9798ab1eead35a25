/** What a route says of its answers' cache. */
export interface RouteCache {
  /** Seconds for which an answer is kept. */
  readonly ttlSeconds: number;
  /** Questions of nearly the same meaning are given the same answer; absent: equal ones only. */
  readonly semantic?: {
    /** Absent: the server's. */
    readonly threshold: number | undefined;
  };
}

/** What one request may do with the cache. */
export interface CachePolicy {
  /** Whether a kept answer may be given. */
  readonly read: boolean;
  /** Whether the answer may be kept. */
  readonly store: boolean;
  /** Seconds that a given answer may be old. */
  readonly maxAgeSeconds: number;
  /** Seconds for which the answer is kept. */
  readonly ttlSeconds: number;
  /** Without a kept answer the request fails instead of reaching a model. */
  readonly onlyIfCached: boolean;
  /** The least similarity to another question whose answer may be given; absent: equal questions only. */
  readonly similarity?: number;
}

/** An answer is kept this long at most: 30 days. */
export const MOST_TTL_SECONDS = 30 * 24 * 3600;
