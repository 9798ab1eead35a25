import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type AnswerHead, HttpSyntaxError } from "#lib/http1/answer-head.ts";
import { type AnswerListener, AnswerParser } from "#lib/http1/answer-parser.ts";

/** Which wait was too long. */
export type Wait = "queue" | "connect" | "head" | "idle" | "deadline";

/** A wait on the way to or from an upstream was too long. */
export class WaitError extends Error {
  readonly wait: Wait;

  constructor(wait: Wait) {
    super(`The wait was too long: ${wait}.`);
    this.name = "WaitError";
    this.wait = wait;
  }
}

/** One request, ready to be written. */
export interface Http1Request {
  /** The request line and the headers, each with CRLF, ASCII only; `host`, `content-length` and the empty line are added. */
  readonly head: string;
  readonly body: string | null;
  /** Milliseconds until the head of the answer, counted from the request. */
  readonly headMs: number;
  /** Milliseconds of silence within the answer. */
  readonly idleMs: number;
  /** Milliseconds since the epoch at which all must be over. */
  readonly deadline: number;
}

/** Takes what becomes of a request: after `answerEnd` or `requestError`, exactly one of which is called once, nothing follows. */
export interface Http1Handler {
  /** The request goes out over this connection. False when it is no longer wanted. */
  requestStart(connection: Connection): boolean;
  answerHead(head: AnswerHead): void;
  answerData(chunk: Buffer): void;
  answerEnd(): void;
  requestError(error: Error): void;
}

/** Where connections lead. */
export interface Origin {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The value of `Host`. */
  readonly host: string;
}

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  readonly origin: Origin;
  /** Milliseconds of a clock that the pool moves on now and then; reading the system's for each chunk would cost more. */
  readonly now: number;
  readonly connectMs: number;
  /** A TLS session to take up again. */
  session: Buffer | undefined;
  /** The connection is free for another request. */
  released(connection: Connection): void;
  closed(connection: Connection): void;
}

const TCP_KEEP_ALIVE_MS = 60_000;

let unwritten: Connection[] = [];

function writeAll(): void {
  const all = unwritten;
  unwritten = [];
  for (const connection of all) connection.write();
}

/** One connection to an upstream, which carries one request at a time. */
export class Connection implements AnswerListener {
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #parser = new AnswerParser(this);
  #handler: Http1Handler | undefined;
  #connected = false;
  #headSeen = false;
  #paused = false;
  #reusable = false;
  #error: Error | undefined;
  /** The request, until it is written. */
  #unwritten: string | undefined;
  #headMs = 0;
  #idleMs = 0;
  #deadline = 0;
  /** On the owner's clock: when the connection was made, the request was sent, or the last piece came. */
  #since: number;
  /** On the owner's clock: until when the server keeps the connection, if it said so. */
  #keptFor = Number.POSITIVE_INFINITY;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
    this.#since = owner.now;
    this.#socket = open(owner, (chunk) => this.#onData(chunk));
    this.#socket.on(owner.origin.secure ? "secureConnect" : "connect", () => this.#onConnect());
    this.#socket.on("error", (error) => (this.#error ??= error));
    this.#socket.on("close", () => this.#onClose());
  }

  /** True while it may be handed out: alive, unused, and not about to be closed by the server. */
  get usable(): boolean {
    return this.#handler === undefined && !this.#socket.destroyed && this.#owner.now < this.#keptFor;
  }

  /** Milliseconds since its last use, on the owner's clock. */
  get unusedMs(): number {
    return this.#handler === undefined ? this.#owner.now - this.#since : 0;
  }

  /** Takes the request, which is written when this turn of the loop is over. False when the handler no longer wants it. */
  send(request: Http1Request, handler: Http1Handler): boolean {
    if (!handler.requestStart(this)) return false;
    this.#handler = handler;
    this.#headSeen = false;
    this.#headMs = request.headMs;
    this.#idleMs = request.idleMs;
    this.#deadline = request.deadline;
    this.#since = this.#owner.now;
    this.#parser.reset(request.head.startsWith("HEAD "));
    const { body } = request;
    const { host } = this.#owner.origin;
    this.#unwritten =
      body === null
        ? `${request.head}host: ${host}\r\n\r\n`
        : `${request.head}host: ${host}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    // All requests of one turn of the loop go out together at its end. One by one, each would find who reads it asleep again: on a
    // virtual machine waking takes up to a third of what a write costs (by `perf`).
    if (unwritten.push(this) === 1) setImmediate(writeAll);
    return true;
  }

  /** Hands over what {@link send} took. */
  write(): void {
    const text = this.#unwritten;
    this.#unwritten = undefined;
    if (text !== undefined && !this.#socket.destroyed) this.#socket.write(text);
  }

  /** Cuts the connection when this handler's request runs on it; the handler hears nothing more. */
  abort(handler: Http1Handler): void {
    if (this.#handler !== handler) return;
    this.#handler = undefined;
    this.destroy();
  }

  pause(handler: Http1Handler): void {
    if (this.#handler !== handler || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(handler: Http1Handler): void {
    if (this.#handler !== handler || !this.#paused) return;
    this.#unpause();
  }

  destroy(): void {
    this.#parser.stop();
    this.#socket.destroy();
  }

  /** Looks whether a wait has become too long. */
  check(now: number, time: number): void {
    if (this.#handler === undefined) return;
    const wait = this.#exceeded(now, time);
    if (wait !== undefined) this.#fail(new WaitError(wait));
  }

  #exceeded(now: number, time: number): Wait | undefined {
    if (time >= this.#deadline) return "deadline";
    const waited = now - this.#since;
    if (!this.#connected) return waited >= this.#owner.connectMs ? "connect" : undefined;
    if (!this.#headSeen) return waited >= this.#headMs ? "head" : undefined;
    // While we hold the upstream back it is not the upstream that is silent.
    return waited >= this.#idleMs && !this.#paused ? "idle" : undefined;
  }

  answerHead(head: AnswerHead): void {
    this.#headSeen = true;
    this.#reusable = head.keepAlive;
    // A second less, because the server's clock began before ours.
    if (head.keepAliveSeconds !== -1) this.#keptFor = this.#owner.now + (head.keepAliveSeconds - 1) * 1000;
    this.#handler?.answerHead(head);
    if (this.#handler === undefined) this.#parser.stop();
  }

  answerData(chunk: Buffer): void {
    this.#handler?.answerData(chunk);
    if (this.#handler === undefined) this.#parser.stop();
  }

  answerEnd(rest: boolean): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#since = this.#owner.now;
    if (this.#paused) this.#unpause();
    // What of the request is not written yet would be read as the next one.
    if (rest || !this.#reusable || this.#socket.destroyed || this.#socket.writableLength > 0) this.destroy();
    else this.#owner.released(this);
    handler?.answerEnd();
  }

  #unpause(): void {
    this.#paused = false;
    this.#since = this.#owner.now;
    this.#socket.resume();
  }

  #onConnect(): void {
    this.#connected = true;
    this.#since = this.#owner.now;
  }

  #onData(chunk: Buffer): void {
    this.#since = this.#owner.now;
    try {
      // What comes before the request was written answers something else.
      if (this.#handler === undefined || this.#unwritten !== undefined)
        throw new HttpSyntaxError("The server sent something that was not asked for.");
      this.#parser.push(chunk);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.destroy();
    handler?.requestError(error);
  }

  #onClose(): void {
    const error = this.#error;
    if (this.#handler !== undefined && !(error === undefined && this.#parser.closed())) {
      this.#fail(error ?? Object.assign(new Error("The server closed the connection."), { code: "ECONNRESET" }));
    }
    this.#owner.closed(this);
  }
}

// Everything that comes over plain connections is read into this one buffer and used up before the next read: to allocate 64 KiB
// for each read and to collect them again costs more than copying what has to stay.
const READ_BUFFER = Buffer.alloc(64 * 1024);

function open(owner: ConnectionOwner, take: (chunk: Buffer) => void): Socket {
  const { secure, hostname, port } = owner.origin;
  const options = {
    host: hostname,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  };
  if (!secure) {
    const callback = (length: number): boolean => {
      take(READ_BUFFER.subarray(0, length));
      return true;
    };
    return connectTcp({ ...options, onread: { buffer: READ_BUFFER, callback } });
  }
  const socket = connectTls({
    ...options,
    // An address is no server name (https://www.rfc-editor.org/rfc/rfc6066#section-3).
    ...(/^[\d.]+$|:/.test(hostname) ? {} : { servername: hostname }),
    ...(owner.session === undefined ? {} : { session: owner.session }),
    ALPNProtocols: ["http/1.1"],
  });
  socket.on("data", take);
  socket.on("session", (session: Buffer) => {
    owner.session = session;
  });
  return socket;
}
