import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { SharedCache } from "../shared-cache.ts";
import { DEFAULT_REDIS_LIMITS, RedisConnection, type RedisLimits } from "./connection.ts";

/** What a cache on Redis needs. */
export interface RedisCacheOptions {
  readonly url: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Bytes of one value at most; 1 MiB. */
  readonly maxValueBytes?: number;
  /** Bounds that differ from {@link DEFAULT_REDIS_LIMITS}. */
  readonly limits?: Partial<RedisLimits>;
}

const PREFIX = "slipway:";
const MOST_VALUE_BYTES = 1024 * 1024;

/** A shared cache on Redis. Connects in the background; a Redis that is away costs a request nothing. */
export function createRedisCache(options: RedisCacheOptions): SharedCache {
  const { log, metrics } = options;
  const most = options.maxValueBytes ?? MOST_VALUE_BYTES;
  // The address without its password.
  const { host } = new URL(options.url);
  const connection = new RedisConnection({
    url: options.url,
    limits: { ...DEFAULT_REDIS_LIMITS, ...options.limits },
    onState(up, reason) {
      metrics.redisStateChanges.inc({ state: up ? "up" : "down" });
      if (up) log.info({ host }, "Redis answers and is used");
      else log.warn({ host, reason }, "Redis is passed over until it answers again");
    },
    onMiss: (reason) => metrics.redisMisses.inc({ reason }),
  });
  return {
    async get(key) {
      const value = await connection.run((client) => client.get(PREFIX + key));
      return value === undefined || value.length > most ? undefined : value;
    },
    async set(key, value, ttlMs) {
      if (value.length > most) return false;
      return (await connection.run((client) => client.set(PREFIX + key, value, ttlMs, false))) ?? false;
    },
    async setIfAbsent(key, value, ttlMs) {
      if (value.length > most) return undefined;
      return connection.run((client) => client.set(PREFIX + key, value, ttlMs, true));
    },
    close: () => connection.close(),
  };
}
