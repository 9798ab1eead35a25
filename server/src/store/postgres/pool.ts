import pg from "pg";
import { clientConfig, type DatabaseConnection } from "../connection.ts";
import { unavailable } from "./errors.ts";

/** Bounds of the pool. Every wait ends: a verb takes at most `acquireTimeoutMs` and then `statementTimeoutMs` and a second. */
export interface PoolLimits {
  /** Connections at most; the embedded database has one session and is given one. */
  readonly size: number;
  /** Milliseconds to wait for a free connection or to make one. */
  readonly acquireTimeoutMs: number;
  /** Verbs that may wait for a connection; one more is refused at once. */
  readonly maxWaiting: number;
  /** Milliseconds that a transaction's statement may take in the database. */
  readonly statementTimeoutMs: number;
  /** Milliseconds after which an unused connection is closed. */
  readonly idleTimeoutMs: number;
}

/** The limits of a server unless its settings say otherwise. */
export const DEFAULT_LIMITS: PoolLimits = {
  size: 10,
  acquireTimeoutMs: 3000,
  maxWaiting: 1000,
  statementTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
};

// The database's own timeout should be first, because it keeps the connection; this one is for a database that is frozen. A connection is
// cut at the first look after it.
const ANSWER_GRACE_MS = 750;
const LOOK_MS = 250;
const CLOSE_GRACE_MS = 1000;

/** A bounded pool. */
export interface Pool {
  /**
   * Throws `database_unavailable` when too many wait; rejects with the driver's error when none comes in time. Statements must be sent at
   * once: what is not answered a second after their time is cut, with an error for each of them.
   */
  acquire(): Promise<pg.PoolClient>;
  /** Waits for borrowed connections, then closes all; those of a frozen database are cut after a second. */
  close(): Promise<void>;
}

/** Opens no connection yet. `onError` is told of connections that break while nobody uses them. */
export function createPool(connection: DatabaseConnection, limits: PoolLimits, onError: (error: Error) => void): Pool {
  const pool = new pg.Pool({
    ...clientConfig(connection),
    // All messages of a transaction leave at once; see `transact`.
    pipeline: true,
    max: connection.engine === "embedded" ? 1 : limits.size,
    connectionTimeoutMillis: limits.acquireTimeoutMs,
    idleTimeoutMillis: connection.engine === "embedded" ? 0 : limits.idleTimeoutMs,
  });
  const open = new Set<pg.PoolClient>();
  pool.on("connect", (client) => {
    open.add(client);
    // The pool listens only while a connection is idle; without a listener a break while it is used would end the process.
    client.on("error", () => {});
  });
  pool.on("remove", (client) => open.delete(client));
  /** Connections at work, and until when they may be. */
  const borrowed = new Map<pg.PoolClient, number>();
  pool.on("release", (_error, client) => borrowed.delete(client));
  const look = setInterval(() => {
    const now = performance.now();
    for (const [client, until] of borrowed) {
      if (until <= now) client.connection.stream.destroy(new Error("The database did not answer in time."));
    }
  }, LOOK_MS).unref();
  pool.on("error", onError);
  return {
    async acquire() {
      if (pool.waitingCount >= limits.maxWaiting) {
        throw unavailable("Too many requests wait for the database.", "Try again in a moment, or raise the pool size.");
      }
      const client = await pool.connect();
      borrowed.set(client, performance.now() + limits.statementTimeoutMs + ANSWER_GRACE_MS);
      return client;
    },
    async close() {
      if (pool.ending) return;
      await pool.end();
      clearInterval(look);
      const cut = setTimeout(() => {
        for (const client of open) client.connection.stream.destroy();
      }, CLOSE_GRACE_MS);
      cut.unref();
    },
  };
}
