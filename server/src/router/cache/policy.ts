/** What a route says of its answers' cache. */
export interface RouteCache {
  /** Seconds for which an answer is kept. */
  readonly ttlSeconds: number;
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
}

/** An answer is kept this long at most: 30 days. */
export const MOST_TTL_SECONDS = 30 * 24 * 3600;
