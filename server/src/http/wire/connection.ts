import type { Socket } from "node:net";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type RequestHead, RequestHeadReader } from "#lib/http1/request-head.ts";
import { type ClientReader, clientSocket } from "./client-socket.ts";
import { type ReplyOwner, WireReply } from "./reply.ts";
import { WireRequest } from "./request.ts";

/** What a connection needs from the server. */
export interface WireServer {
  /** True when this request is served here: its route is hot and its body within the bound. */
  takes(head: RequestHead): boolean;
  serve(request: WireRequest, reply: WireReply): void;
  /** Gives the socket to Node's own server, with the bytes that were read from it. */
  handOver(connection: WireConnection, socket: Socket, read: Buffer): void;
  closed(connection: WireConnection): void;
  /** Milliseconds of the monotonic clock, moved on about once a second: waits here are long. */
  readonly now: number;
}

const HEAD_END = Buffer.from("\r\n\r\n");
// What a client sends before it has its answer waits up to here; then it is not read on.
const MOST_AHEAD_BYTES = 64 * 1024;

/**
 * A connection as long as it carries plain requests of hot routes. The first bytes that are anything else, or only a part of a
 * head, go to Node's own HTTP server together with the socket, for good: here nothing doubtful is ever interpreted.
 */
export class WireConnection implements ReplyOwner, ClientReader {
  readonly #server: WireServer;
  readonly #socket: Socket;
  readonly #heads = new RequestHeadReader();
  readonly #onClose = (): void => this.#close();
  readonly #onEnd = (): void => this.#end();
  readonly #onDrain = (): void => this.#reply?.drained();
  #request: WireRequest | undefined;
  #reply: WireReply | undefined;
  /** Bytes that came after the request that is being served. */
  #ahead: Buffer | undefined;
  /** The answer that is on its way is the last one. */
  #last = false;
  /** The last answer is written: what still comes is the rest of a body that came too late, or a request that is not answered. */
  #over = false;
  /** Node's own server has the socket. */
  #handedOver = false;
  /** On the server's clock: when the connection began to wait for its client. */
  #waitingSince: number;

  constructor(server: WireServer, accepted: Socket) {
    this.#server = server;
    this.#waitingSince = server.now;
    const socket = clientSocket(accepted, this);
    this.#socket = socket;
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
    socket.on("error", ignore);
  }

  /** No request is being served. */
  get idle(): boolean {
    return this.#reply === undefined;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends what waits for its client for too long: `idleMs` between requests, `bodyMs` for the rest of a body. */
  check(bounds: { readonly idleMs: number; readonly bodyMs: number }): void {
    const waited = this.#server.now - this.#waitingSince;
    if (this.#reply === undefined) {
      if (waited > bounds.idleMs) this.#socket.destroy();
      return;
    }
    if (this.#request === undefined || this.#request.left === 0 || waited <= bounds.bodyMs) return;
    this.#last = true;
    this.#request.fail(
      new SlipwayError("request_timeout", `The request was not whole within ${Math.round(bounds.bodyMs / 1000)} s.`, {
        hint: "Send the body without pauses.",
      }),
    );
  }

  /** The server's answer to the request is written. */
  replied(close: boolean): void {
    this.#reply = undefined;
    this.#waitingSince = this.#server.now;
    if (close || this.#last) {
      this.#over = true;
      this.#socket.end();
      this.#request = undefined;
      return;
    }
    // A client that was refused may still be sending its body; the next request comes after it.
    if (this.#request && this.#request.left > 0) {
      this.#request.discard();
      return;
    }
    this.#request = undefined;
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    this.#ahead = undefined;
    if (this.#socket.isPaused()) this.#socket.resume();
    // Later, because hundreds of requests that are refused at once would be hundreds of calls within each other.
    queueMicrotask(() => {
      if (!this.#socket.destroyed) this.#next(ahead, ahead.length);
    });
  }

  read(data: Buffer, length: number): boolean {
    if (this.#handedOver) return this.#socket.push(copyOf(data, 0, length));
    const request = this.#request;
    if (request === undefined) {
      if (!this.#over) this.#next(data, length);
      return true;
    }
    const taken = request.take(data, 0, length);
    if (this.#reply !== undefined) {
      if (taken < length) this.#keepAhead(data, taken, length);
    } else if (request.left === 0) {
      this.#request = undefined;
      if (taken < length) this.#next(copyOf(data, taken, length), length - taken);
    }
    return true;
  }

  #keepAhead(data: Buffer, start: number, end: number): void {
    const kept = copyOf(data, start, end);
    this.#ahead = this.#ahead === undefined ? kept : Buffer.concat([this.#ahead, kept]);
    if (this.#ahead.length > MOST_AHEAD_BYTES) this.#socket.pause();
  }

  #next(data: Buffer, length: number): void {
    // The buffer may hold older bytes behind `length`.
    const end = data.indexOf(HEAD_END);
    const bodyStart = end + HEAD_END.length;
    const whole = end !== -1 && bodyStart <= length;
    const head = whole ? this.#heads.read(data.toString("latin1", 0, end + 2)) : undefined;
    if (head === undefined || !this.#server.takes(head)) {
      this.#handOver(copyOf(data, 0, length));
      return;
    }
    const request = new WireRequest(head, this.#socket);
    this.#request = request;
    this.#waitingSince = this.#server.now;
    const next = bodyStart + request.take(data, bodyStart, length);
    if (next < length) this.#keepAhead(data, next, length);
    const reply = new WireReply(this.#socket, this);
    this.#reply = reply;
    this.#server.serve(request, reply);
  }

  #handOver(data: Buffer): void {
    const socket = this.#socket;
    this.#handedOver = true;
    socket.removeAllListeners("data");
    socket.off("end", this.#onEnd);
    socket.off("close", this.#onClose);
    socket.off("drain", this.#onDrain);
    socket.off("error", ignore);
    this.#server.handOver(this, socket, data);
  }

  // A client that closes its half has left, as Node's own server has it by default; a whole answer that was written still arrives.
  #end(): void {
    if (this.#reply === undefined) this.#socket.end();
    else this.#socket.destroy();
  }

  #close(): void {
    this.#request?.fail(new SlipwayError("client_closed_request", "The client left before its request was whole."));
    this.#reply?.lost();
    this.#reply = undefined;
    this.#server.closed(this);
  }
}

function copyOf(data: Buffer, start: number, end: number): Buffer {
  return Buffer.from(data.subarray(start, end));
}

function ignore(): void {
  // A socket that breaks tells by `close`.
}
