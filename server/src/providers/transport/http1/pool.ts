import {
  Connection,
  type ConnectionOwner,
  type Http1Handler,
  type Http1Request,
  type Origin,
  WaitError,
} from "./connection.ts";

/** Bounds of a pool. */
export interface PoolOptions {
  /** Only its origin counts. */
  readonly url: URL;
  /** Connections, and so requests that run at once; more of them wait. */
  readonly maxConnections: number;
  /** Requests that wait for a connection; one more fails at once. */
  readonly maxWaiting: number;
  /** Milliseconds until a new connection stands. */
  readonly connectMs: number;
  /** Milliseconds for which an unused connection is kept. */
  readonly keepAliveMs: number;
}

interface Waiting {
  readonly request: Http1Request;
  readonly handler: Http1Handler;
}

// How often waits are looked at: a wait may be this much longer than its bound.
const TICK_MS = 50;

function originOf(url: URL): Origin {
  const secure = url.protocol === "https:";
  return {
    secure,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    host: url.host,
  };
}

/**
 * Kept connections to one origin, one request on each at a time, the one used last first. HTTP/1.1 on purpose: over HTTP/2 one
 * lost connection breaks every answer that runs over it.
 */
export class Http1Pool implements ConnectionOwner {
  readonly origin: Origin;
  readonly connectMs: number;
  now = performance.now();
  session: Buffer | undefined;
  readonly #options: PoolOptions;
  readonly #all = new Set<Connection>();
  readonly #unused: Connection[] = [];
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.origin = originOf(options.url);
    this.connectMs = options.connectMs;
  }

  /** Sends the request on a kept or a new connection. The handler hears of everything, and of nothing before this has returned but the start. */
  request(request: Http1Request, handler: Http1Handler): void {
    if (this.#closing) {
      queueMicrotask(() => handler.requestError(new Error("The provider is closed.")));
      return;
    }
    this.#tickOn();
    for (let kept = this.#unused.pop(); kept !== undefined; kept = this.#unused.pop()) {
      if (kept.usable) {
        if (!kept.send(request, handler)) this.#unused.push(kept);
        return;
      }
      kept.destroy();
    }
    if (this.#all.size < this.#options.maxConnections) this.#open(request, handler);
    else if (this.#waiting.length < this.#options.maxWaiting) this.#waiting.push({ request, handler });
    else queueMicrotask(() => handler.requestError(new WaitError("queue")));
  }

  released(connection: Connection): void {
    while (this.#waiting.length > 0) {
      const next = this.#waiting.shift();
      if (next && connection.send(next.request, next.handler)) return;
    }
    if (this.#closing) connection.destroy();
    else this.#unused.push(connection);
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#unused.indexOf(connection);
    if (at !== -1) this.#unused.splice(at, 1);
    const next = this.#waiting.shift();
    if (next) this.#open(next.request, next.handler);
    else if (this.#all.size === 0) this.#closing?.();
  }

  /** Closes unused connections and waits for the requests that run. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#closing = resolve;
      if (this.#all.size === 0) resolve();
      for (const connection of this.#unused.splice(0)) connection.destroy();
    }).finally(() => clearInterval(this.#timer));
    return this.#closed;
  }

  #open(request: Http1Request, handler: Http1Handler): void {
    const connection = new Connection(this);
    this.#all.add(connection);
    if (!connection.send(request, handler)) connection.destroy();
  }

  // The clock stands still while nothing is connected; it is set before it is read again.
  #tickOn(): void {
    if (this.#timer !== undefined) return;
    this.now = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  #tick(): void {
    this.now = performance.now();
    const time = Date.now();
    for (const connection of this.#all) {
      if (connection.unusedMs > this.#options.keepAliveMs) connection.destroy();
      else connection.check(this.now, time);
    }
    if (this.#waiting.some(({ request }) => time >= request.deadline)) this.#expire(time);
    if (this.#all.size > 0 || this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #expire(time: number): void {
    const late = this.#waiting.filter(({ request }) => time >= request.deadline);
    this.#waiting = this.#waiting.filter(({ request }) => time < request.deadline);
    for (const { handler } of late) handler.requestError(new WaitError("deadline"));
  }
}
