import type { Hold, SharedAnswer, SharedChange, SharedEntry, SharedLimits } from "../shared-limits.ts";
import { DEFAULT_REDIS_LIMITS, RedisConnection, type RedisConnectionOptions, type RedisLimits } from "./connection.ts";
import { RESERVE_SCRIPT, SETTLE_SCRIPT } from "./limit-scripts.ts";

/** What limits on Redis need. */
export interface RedisLimitsOptions extends Pick<RedisConnectionOptions, "onState" | "onMiss"> {
  readonly url: string;
  /** Bounds that differ from {@link DEFAULT_REDIS_LIMITS}. */
  readonly limits?: Partial<RedisLimits>;
}

const BOUNDS = [undefined, "requests", "tokens", "concurrency", "money"] as const;
const STATUSES = ["taken", "refused", "unknown"] as const;
/** A Redis that is back should be used soon: until then the limits of replicas are kept apart. */
const MOST_PAUSE_MS = 5_000;

/** Keys of one tenant; its hash tag keeps them on one node of a cluster. */
class TenantKeys {
  readonly #prefix: string;

  constructor(tenantId: string) {
    this.#prefix = `slipway:{${encodeURIComponent(tenantId)}}:`;
  }

  of(kind: "bucket" | "money", key: string): string {
    return `${this.#prefix}${kind === "bucket" ? "b" : "m"}:${key}`;
  }

  named(name: "leases" | "held" | "seqs"): string {
    return this.#prefix + name;
  }

  holds(holds: readonly Hold[]): string {
    if (holds.length === 0) return "";
    const written = holds.map(({ key, of, amount }) =>
      of === "place" ? [this.of("bucket", key), "n", amount] : [this.of("money", key), "r", amount],
    );
    return JSON.stringify(written);
  }

  change(change: SharedChange): readonly (string | number)[] {
    switch (change.kind) {
      case "give":
        return ["g", change.leaseId];
      case "spend":
        return ["s", this.of("money", change.key), change.amount, change.bookedAt];
      case "used": {
        const { requests, requestsPerMinute, tokens, tokensPerMinute } = change;
        return ["u", this.of("bucket", change.key), requests, requestsPerMinute, tokens, tokensPerMinute];
      }
      case "tokens":
        return ["t", this.of("bucket", change.key), change.tokens, change.tokensPerMinute];
      case "renew":
        return ["r", change.leaseId, change.ttlMs, this.holds(change.holds)];
    }
  }
}

function wordsOf(entry: SharedEntry): string[] {
  if (entry.kind === "money") {
    const { cap, amount, expiresAt, base } = entry;
    return ["m", String(cap), String(amount), String(expiresAt), String(base?.spent ?? -1), String(base?.before ?? 0)];
  }
  const { requestsPerMinute, tokensPerMinute, concurrency, counts, tokens } = entry;
  return [
    "b",
    String(requestsPerMinute),
    String(tokensPerMinute),
    String(concurrency),
    counts ? "1" : "0",
    String(tokensPerMinute === 0 ? 0 : tokens),
  ];
}

function numbersOf(reply: unknown): readonly number[] {
  if (!Array.isArray(reply)) throw new TypeError("Redis did not answer a list.");
  return reply.map((item: unknown) => {
    const value = typeof item === "number" ? item : Number(item instanceof Uint8Array ? Buffer.from(item) : item);
    if (Number.isNaN(value)) throw new TypeError("Redis did not answer numbers.");
    return value;
  });
}

function pairsOf(numbers: readonly number[]): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) pairs.push([numbers[at] ?? 0, numbers[at + 1] ?? 0]);
  return pairs;
}

function answerOf(reply: unknown): SharedAnswer {
  const [status = 0, entry = -1, bound = 0, waitMs = 0, ...states] = numbersOf(reply);
  return { status: STATUSES[status] ?? "refused", entry, bound: BOUNDS[bound], waitMs, states: pairsOf(states) };
}

/** Common counts on Redis, by one script a reservation and one a batch of settlements. Connects in the background. */
export function createRedisLimits(options: RedisLimitsOptions): SharedLimits {
  const { pauseMs } = DEFAULT_REDIS_LIMITS;
  const listeners: (() => void)[] = [];
  const known = Promise.withResolvers<void>();
  const connection = new RedisConnection({
    url: options.url,
    limits: { ...DEFAULT_REDIS_LIMITS, pauseMs: { ...pauseMs, most: MOST_PAUSE_MS }, ...options.limits },
    onState(up, reason) {
      options.onState(up, reason);
      known.resolve();
      if (up) for (const listener of listeners) listener();
    },
    onMiss: options.onMiss,
  });
  return {
    get up() {
      return connection.up;
    },
    known: known.promise,
    whenBack: (listener) => void listeners.push(listener),
    reserve(tenantId, lease, entries) {
      const keys = new TenantKeys(tenantId);
      const names = [keys.named("leases"), keys.named("held"), ...entries.map(({ kind, key }) => keys.of(kind, key))];
      const holds = [keys.holds(lease.money), keys.holds(lease.places)];
      const words = [lease.id, String(lease.ttlMs), ...holds, ...entries.flatMap(wordsOf)];
      return connection.run(async (client) => answerOf(await client.script(RESERVE_SCRIPT, names, words)));
    },
    settle(tenantId, { process, number, changes }) {
      const keys = new TenantKeys(tenantId);
      const names = [keys.named("leases"), keys.named("held"), keys.named("seqs")];
      const words = [process, String(number), JSON.stringify(changes.map((change) => keys.change(change)))];
      return connection.run(async (client) => pairsOf(numbersOf(await client.script(SETTLE_SCRIPT, names, words))));
    },
    close: () => connection.close(),
  };
}
