import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Prepare } from "#identity/prepare.ts";
import type { RequestHead } from "#lib/http1/request-head.ts";
import type { AccessLog } from "#telemetry/access-log.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { beginContext, type Exchange } from "./context.ts";
import { noteError, sendError } from "./edge/errors.ts";
import type { Doorkeeper } from "./edge/https.ts";
import type { Peers } from "./edge/peer.ts";
import type { HttpReply, HttpRequest } from "./message.ts";
import { WireConnection, type WireServer } from "./wire/connection.ts";
import type { WireReply } from "./wire/reply.ts";
import type { WireRequest } from "./wire/request.ts";

/** Answers one exchange; a rejection becomes an error answer. */
export type Handler = (exchange: Exchange) => Promise<void> | void;

/** What stands in the way of serving anything but the operational routes. */
export type Gate = () => SlipwayError | undefined;

export interface HttpServer {
  /** Resolves with the port when connections are taken. Rejects when the port cannot be had. */
  listen(host: string, port: number): Promise<number>;
  /** Refuses new work with 503 and waits for running requests, at most `graceMs`; then closes every connection. True when all ended by themselves. */
  drain(graceMs: number): Promise<boolean>;
  /** Requests that are being served, the operational ones aside. */
  readonly running: number;
}

/** The routes that answer whatever state the server is in. */
export interface OperationalRoutes {
  readonly health: Handler;
  readonly ready: Handler;
  readonly metrics: Handler;
}

/** The routes that the server's own switch knows, by path. */
export interface HotRoutes {
  get(path: string): Handler | undefined;
}

export interface HttpServerOptions {
  readonly release: string;
  readonly requestTimeoutMs: number;
  readonly operational: OperationalRoutes;
  readonly gate: Gate;
  /** Absent: requests may come in any way. */
  readonly doorkeeper?: Doorkeeper | undefined;
  /** The address that a request comes from, behind the proxies that are trusted. */
  readonly clientAddress: Peers["clientAddress"];
  /** Waited for before a handler asks who is calling. */
  readonly prepare: Prepare;
  /** The hot routes by path, all of them POST; none when the router is switched off. */
  readonly hot: HotRoutes;
  /** Bodies that are longer are left to Node's own server, which refuses them with patience. */
  readonly maxBodyBytes: number;
  /** Everything else. */
  readonly rest: Handler;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
}

const DRAINING = new SlipwayError("draining", "This server is shutting down and takes no new requests.", {
  hint: "Send the request again; another instance will answer.",
  retryAfter: 1,
});

const KEEP_ALIVE_MS = 65_000;
const CHECK_MS = 1000;

/**
 * The one HTTP server: a switch for the operational and the hot routes, the application for the rest. A connection begins with the
 * lean reader of the hot routes, which does nothing but plain requests to them, and goes to Node's own server with the first
 * byte of anything else.
 */
class SlipwayHttpServer implements HttpServer, WireServer {
  now = performance.now();
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #wires = new Set<WireConnection>();
  readonly #nodeListeners: readonly ((socket: Socket) => void)[];
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #draining = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        noDelay: true,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // Node refuses one that is longer than the whole request may take.
        headersTimeout: Math.min(30_000, options.requestTimeoutMs),
        requestTimeout: options.requestTimeoutMs,
        maxHeaderSize: 32 * 1024,
      },
      (req, res) => {
        // A socket that breaks while it is written to is the client's leaving, which `close` tells.
        res.on("error", () => {});
        this.#serve(req, res);
      },
    );
    this.#nodeListeners = this.#server.listeners("connection") as ((socket: Socket) => void)[];
    this.#server.removeAllListeners("connection");
    this.#server.on("connection", (socket) => this.#wires.add(new WireConnection(this, socket)));
  }

  get running(): number {
    return this.#running;
  }

  takes(head: RequestHead): boolean {
    return head.contentLength <= this.#options.maxBodyBytes && this.#hotRoute(head.method, head.target) !== undefined;
  }

  serve(request: WireRequest, reply: WireReply): void {
    this.#serve(request, reply);
  }

  handOver(connection: WireConnection, socket: Socket, read: Buffer): void {
    this.#wires.delete(connection);
    for (const listener of this.#nodeListeners) listener.call(this.#server, socket);
    socket.emit("data", read);
  }

  closed(connection: WireConnection): void {
    this.#wires.delete(connection);
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, 4096, () => {
        this.#server.off("error", reject);
        this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  async drain(graceMs: number): Promise<boolean> {
    this.#draining = true;
    this.#closeIdle();
    let timer: NodeJS.Timeout | undefined;
    if (this.#running > 0) {
      await Promise.race([
        new Promise<void>((resolve) => (this.#whenIdle = resolve)),
        new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs))),
      ]);
      clearTimeout(timer);
    }
    const whole = this.#running === 0;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#closeIdle();
      // Answers that are on their way out of the socket get a moment; what is still open then is cut.
      setTimeout(() => this.#closeAll(), whole ? 250 : 0).unref();
    });
    clearInterval(this.#timer);
    return whole;
  }

  #check(): void {
    this.now = performance.now();
    const bounds = { idleMs: KEEP_ALIVE_MS, bodyMs: this.#options.requestTimeoutMs };
    for (const connection of this.#wires) connection.check(bounds);
  }

  #closeIdle(): void {
    for (const connection of this.#wires) if (connection.idle) connection.destroy();
    this.#server.closeIdleConnections();
  }

  #closeAll(): void {
    for (const connection of this.#wires) connection.destroy();
    this.#server.closeAllConnections();
  }

  #serve(req: HttpRequest, res: HttpReply): void {
    const context = beginContext(req, this.#options.clientAddress(req));
    const exchange: Exchange = { req, res, context };
    res.setHeader("x-slipway-release", this.#options.release);
    res.setHeader("x-request-id", context.requestId);
    let counted = false;
    res.once("close", () => this.#finish(exchange, counted));
    const handler = this.#operational(exchange);
    if (handler) {
      this.#run(handler, exchange);
      return;
    }
    const refusal = this.#options.doorkeeper?.(exchange) ?? (this.#draining ? DRAINING : this.#options.gate());
    if (refusal === "answered") return;
    if (refusal) {
      res.setHeader("connection", "close");
      sendError(res, noteError(refusal, context, this.#options.log), context);
      return;
    }
    counted = true;
    this.#running += 1;
    const prepared = this.#options.prepare(req.headers);
    if (prepared === undefined) this.#run(this.#route(exchange), exchange);
    else this.#run(() => prepared.then(() => this.#route(exchange)(exchange)), exchange);
  }

  #operational({ context, req }: Exchange): Handler | undefined {
    if (req.method !== "GET" && req.method !== "HEAD") return undefined;
    const { operational } = this.#options;
    switch (context.path) {
      case "/health":
        context.route = "/health";
        return operational.health;
      case "/ready":
        context.route = "/ready";
        return operational.ready;
      case "/metrics":
        context.route = "/metrics";
        return operational.metrics;
      default:
        return undefined;
    }
  }

  #route({ context, req }: Exchange): Handler {
    return this.#hotRoute(req.method, context.path) ?? this.#options.rest;
  }

  #hotRoute(method: string | undefined, path: string): Handler | undefined {
    return method === "POST" ? this.#options.hot.get(path) : undefined;
  }

  #run(handler: Handler, exchange: Exchange): void {
    try {
      const running = handler(exchange);
      if (running) running.catch((thrown: unknown) => this.#fail(exchange, thrown));
    } catch (thrown) {
      this.#fail(exchange, thrown);
    }
  }

  #fail({ res, context }: Exchange, thrown: unknown): void {
    sendError(res, noteError(thrown, context, this.#options.log), context);
  }

  #finish({ req, res, context }: Exchange, counted: boolean): void {
    const { accessLog, metrics } = this.#options;
    const durationMs = performance.now() - context.startedAt;
    const { route } = context;
    // 499 is nginx's word for a client that left before the answer was whole.
    const status = res.writableFinished ? res.statusCode : 499;
    metrics.httpRequests.inc({ route, status });
    metrics.httpDuration.observe({ route }, durationMs / 1000);
    accessLog.write({
      requestId: context.requestId,
      traceId: context.traceId,
      tenantId: context.principal?.tenantId,
      keyId: context.principal?.keyId,
      method: req.method ?? "",
      route,
      status,
      durationMs,
      model: context.model,
      code: context.code,
      routes: context.routes,
    });
    if (!counted) return;
    this.#running -= 1;
    if (this.#draining && this.#running === 0) this.#whenIdle?.();
  }
}

/** A server that does not listen yet. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new SlipwayHttpServer(options);
}
