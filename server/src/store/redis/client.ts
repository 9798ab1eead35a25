/** A script of Redis with the SHA-1 that it is known by there. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

/** What is asked of the driver, so that no other file knows its types. */
export interface RedisClient {
  ping(): Promise<unknown>;
  get(key: string): Promise<Uint8Array | undefined>;
  /** True when the value was kept. */
  set(key: string, value: Uint8Array, ttlMs: number, onlyIfAbsent: boolean): Promise<boolean>;
  /** Runs a script, by its digest where Redis has it already. The reply as it came: numbers, buffers and lists of them. */
  script(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Cuts the connection; commands that wait for an answer are rejected. Safe to call twice. */
  destroy(): void;
}

/** How to connect. */
export interface ConnectOptions {
  /** `redis[s]://[user:password@]host[:port][/database]`. */
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** Told once when the connection breaks or is refused. */
  readonly onBroken: (error: Error) => void;
}

/**
 * One connection, which does not come back by itself once it is broken. The driver is loaded here, so that a server without
 * Redis does not carry it. Rejects when there is no connection within the time.
 */
export async function connectRedis(options: ConnectOptions): Promise<RedisClient> {
  const { createClient, RESP_TYPES } = await import("@redis/client");
  const client = createClient({
    url: options.url,
    name: "slipway",
    // RESP2 is what every Redis, and what stands in for one, speaks.
    RESP: 2,
    maintNotifications: "disabled",
    disableOfflineQueue: true,
    socket: { connectTimeout: options.connectTimeoutMs, reconnectStrategy: false },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  let broken = false;
  const onBroken = (error: Error): void => {
    if (broken) return;
    broken = true;
    options.onBroken(error);
  };
  client.on("error", onBroken);
  client.on("end", () => onBroken(new Error("Redis closed the connection.")));
  await connectWithin(options.connectTimeoutMs, client);
  return {
    ping: () => client.ping(),
    async get(key) {
      const value: unknown = await client.get(key);
      return value instanceof Uint8Array ? value : undefined;
    },
    async set(key, value, ttlMs, onlyIfAbsent) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      const expiration = { type: "PX", value: ttlMs } as const;
      const kept: unknown = await client.set(
        key,
        bytes,
        onlyIfAbsent ? { expiration, condition: "NX" } : { expiration },
      );
      return kept !== null;
    },
    async script({ text, sha }, keys, args) {
      const given = { keys: [...keys], arguments: [...args] };
      try {
        return await client.evalSha(sha, given);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return await client.eval(text, given);
      }
    },
    destroy: () => client.destroy(),
  };
}

// The driver's own bound ends with the TCP handshake, which the kernel answers for a Redis that is frozen.
function connectWithin(ms: number, client: { connect(): Promise<unknown>; destroy(): void }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      client.destroy();
      reject(new Error(`Redis did not take the connection within ${ms} ms.`));
    }, ms);
    client
      .connect()
      .then(() => resolve(), reject)
      .finally(() => clearTimeout(timer));
  });
}
