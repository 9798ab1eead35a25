import { connectRedis, type RedisClient } from "./client.ts";

/** Bounds of the connection. */
export interface RedisLimits {
  /** Milliseconds after which nobody waits for an answer any more. */
  readonly deadlineMs: number;
  /** Commands that may wait, for a connection or for an answer; one more is passed over at once. */
  readonly maxPending: number;
  /** Failures in a row after which Redis is passed over. A broken connection is enough by itself. */
  readonly failures: number;
  /** Milliseconds for which it is passed over; doubles from the least to the most until a command is answered again. */
  readonly pauseMs: { readonly least: number; readonly most: number };
  readonly connectTimeoutMs: number;
}

/** The limits of a server unless its settings say otherwise. */
export const DEFAULT_REDIS_LIMITS: RedisLimits = {
  deadlineMs: 50,
  maxPending: 1000,
  failures: 3,
  pauseMs: { least: 500, most: 30_000 },
  connectTimeoutMs: 2000,
};

/** Why a command had no answer. */
export type RedisMiss = "down" | "busy" | "deadline" | "error";

export interface RedisConnectionOptions {
  readonly url: string;
  readonly limits: RedisLimits;
  /** Told of each change; the first one comes when Redis has answered or failed for the first time. */
  readonly onState: (up: boolean, reason: string) => void;
  readonly onMiss: (why: RedisMiss) => void;
  /** From 0 to 1. */
  readonly random?: () => number;
}

type Work<T> = (client: RedisClient) => Promise<T>;

/**
 * One connection that is allowed to fail. A command ends within its deadline whatever Redis does: refused, frozen or slow. After
 * failures Redis is passed over without waiting, and a timer, never a request, finds out when it is back.
 */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #connecting: Promise<RedisClient | undefined> | undefined;
  #client: RedisClient | undefined;
  #up: boolean | undefined;
  #failures = 0;
  #pending = 0;
  #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Connects in the background. */
  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#pauseMs = options.limits.pauseMs.least;
    this.#connect();
  }

  /** False while Redis is passed over. */
  get up(): boolean {
    return this.#up !== false && !this.#closed;
  }

  /** The command's answer, or undefined when there is none in time. Never rejects. */
  run<T>(work: Work<T>): Promise<T | undefined> {
    const { limits, onMiss } = this.#options;
    if (this.#closed || this.#up === false) {
      onMiss("down");
      return Promise.resolve(undefined);
    }
    if (this.#pending >= limits.maxPending) {
      onMiss("busy");
      return Promise.resolve(undefined);
    }
    return this.#withDeadline(work);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#client?.destroy();
    this.#client = undefined;
  }

  #withDeadline<T>(work: Work<T>): Promise<T | undefined> {
    const client = this.#client;
    this.#pending += 1;
    return new Promise((resolve) => {
      let over = false;
      const finish = (value: T | undefined, miss: RedisMiss | undefined): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        this.#pending -= 1;
        if (miss === undefined) this.#succeeded();
        else this.#missed(client, miss);
        resolve(value);
      };
      // An answer that came while this process was busy is taken before the time is called up.
      const late = (): void => void setImmediate(finish, undefined, "deadline");
      const timer = setTimeout(late, this.#options.limits.deadlineMs);
      const ready = client ? Promise.resolve(client) : (this.#connecting ?? Promise.resolve(undefined));
      ready
        .then((connected) => (connected ? work(connected) : Promise.reject(new Error("there is no connection"))))
        .then(
          (value) => finish(value, undefined),
          () => finish(undefined, "error"),
        );
    });
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = this.#options.limits.pauseMs.least;
  }

  // A command that waited for the connection says nothing of Redis: connecting has a bound of its own.
  #missed(client: RedisClient | undefined, miss: RedisMiss): void {
    this.#options.onMiss(miss);
    if (client === undefined || client !== this.#client) return;
    this.#failures += 1;
    if (this.#failures >= this.#options.limits.failures) {
      this.#down(`${this.#failures} commands in a row had no answer within ${this.#options.limits.deadlineMs} ms`);
    }
  }

  #connect(): void {
    const { url, limits } = this.#options;
    let client: RedisClient | undefined;
    const broken = (error: Error): void => {
      if (client !== undefined && client === this.#client) this.#down(error.message);
    };
    this.#connecting = connectRedis({ url, connectTimeoutMs: limits.connectTimeoutMs, onBroken: broken })
      .then(async (connected) => {
        client = connected;
        // A Redis that is reached but too slow to be of use stays passed over.
        await this.#answersPing(connected);
        if (this.#closed) {
          connected.destroy();
          return undefined;
        }
        this.#failures = 0;
        this.#client = connected;
        this.#state(true, "it answers");
        return connected;
      })
      .catch((error: unknown) => {
        client?.destroy();
        this.#down(error instanceof Error ? error.message || error.name : String(error));
        return undefined;
      });
  }

  #answersPing(client: RedisClient): Promise<void> {
    const { deadlineMs } = this.#options.limits;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it did not answer within ${deadlineMs} ms`)), deadlineMs);
      client.ping().then(
        () => resolve(clearTimeout(timer)),
        (error: unknown) => {
          clearTimeout(timer);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** Lets go of the connection and looks again after a pause with jitter, so that replicas do not return all at once. */
  #down(reason: string): void {
    if (this.#closed) return;
    const client = this.#client;
    this.#client = undefined;
    this.#connecting = undefined;
    this.#state(false, reason);
    client?.destroy();
    const { random = Math.random, limits } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), this.#pauseMs * (0.5 + random() / 2));
    this.#timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, limits.pauseMs.most);
  }

  #state(up: boolean, reason: string): void {
    if (this.#up === up) return;
    this.#up = up;
    this.#options.onState(up, reason);
  }
}
