/** Something that opens other things for a while. */
export interface Lease<Value> {
  readonly value: Value;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Given up before its end, so that none is used that ends on the way. */
const EARLY_MS = 60_000;

/** Keeps what `get` gave until shortly before its end; equal questions at one time are one. A failure is not kept. */
export function keepLease<Value>(get: () => Promise<Lease<Value>>): () => Promise<Value> {
  let kept: Promise<Lease<Value>> | undefined;
  let until = 0;
  return async () => {
    if (!kept || Date.now() >= until) {
      until = Number.POSITIVE_INFINITY;
      const asked = get();
      kept = asked;
      asked.then(
        (lease) => {
          if (kept === asked) until = lease.until - EARLY_MS;
        },
        () => {
          if (kept === asked) kept = undefined;
        },
      );
    }
    return (await kept).value;
  };
}
