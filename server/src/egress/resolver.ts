import { lookup } from "node:dns/promises";

/** An address that a name leads to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/**
 * Lookups that run at once. The system's resolver takes a thread of four for each, cannot be stopped, and files are read by the
 * same threads: a name service that hangs must not take them all.
 */
const AT_ONCE = 2;
const MOST_WAITING = 1000;

/** The system's resolver, which knows `/etc/hosts` and search domains, asked once for equal names at the same time. */
export function createSystemResolver(
  ask: Resolve = (hostname) => lookup(hostname, { all: true, order: "verbatim" }),
): Resolve {
  const underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();
  const waiting: (() => void)[] = [];
  let running = 0;
  const run = async (hostname: string): Promise<readonly ResolvedAddress[]> => {
    if (running >= AT_ONCE) {
      if (waiting.length >= MOST_WAITING) throw Object.assign(new Error("too many lookups wait"), { code: "EBUSY" });
      // Whoever ends hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await ask(hostname);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
  return (hostname) => {
    const same = underWay.get(hostname);
    if (same) return same;
    const started = run(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, started);
    return started;
  };
}
