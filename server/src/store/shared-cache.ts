/**
 * Bytes that replicas share for a while. Best effort: every verb ends within the deadline and never rejects, because what is
 * kept here can always be made again.
 */
export interface SharedCache {
  /** The value, or undefined when there is none, it is larger than the bound, or the cache cannot be reached. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keeps the value for `ttlMs`; false when it is larger than the bound or could not be kept. */
  set(key: string, value: Uint8Array, ttlMs: number): Promise<boolean>;
  /** Keeps the value unless there is one: true when it was kept, false when there was one, undefined when nobody knows. */
  setIfAbsent(key: string, value: Uint8Array, ttlMs: number): Promise<boolean | undefined>;
  /** Cuts the connection. What waits on it ends at once. */
  close(): void;
}
