import { isRefusal } from "./rest.ts";

/** Something that opens other things for a while. */
export interface Lease<Value> {
  readonly value: Value;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Given up before its end, so that none is used that ends on the way. */
const EARLY_MS = 60_000;
/** What is younger is not the cause of a refusal: whoever may not read something does not make it be got anew each time. */
const YOUNG_MS = 30_000;

/** A lease that is got when it is needed. */
export interface KeptLease<Value> {
  get(): Promise<Value>;
  /** What `ask` makes of it; where that is refused, as of a token that was revoked, it is got anew and tried once more. */
  use<Result>(ask: (value: Value) => Promise<Result>): Promise<Result>;
}

/** Keeps what `get` gave until shortly before its end; equal questions at one time are one. A failure is not kept, nor what names no end. */
export function keepLease<Value>(get: () => Promise<Lease<Value>>): KeptLease<Value> {
  let kept: Promise<Lease<Value>> | undefined;
  let until = 0;
  let since = 0;
  const current = async (): Promise<Value> => {
    const now = Date.now();
    if (!kept || now >= until) {
      until = Number.POSITIVE_INFINITY;
      since = now;
      const asked = get();
      kept = asked;
      asked.then(
        (lease) => {
          if (kept === asked) until = Number.isNaN(lease.until) ? 0 : lease.until - EARLY_MS;
        },
        () => {
          if (kept === asked) kept = undefined;
        },
      );
    }
    return (await kept).value;
  };
  return {
    get: current,
    async use(ask) {
      const value = await current();
      try {
        return await ask(value);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (Date.now() - since >= YOUNG_MS) kept = undefined;
        const next = await current();
        if (next === value) throw error;
        return await ask(next);
      }
    },
  };
}
