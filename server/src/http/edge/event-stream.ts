import type { Ticked } from "#lib/ticker.ts";
import type { HttpReply } from "../message.ts";
import type { KeepAlive } from "./keep-alive.ts";

/** What can be held back while the client reads slowly. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** Headers of server-sent events that no proxy may buffer or change. */
const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

// A client that reads nothing for long holds memory and a place: at this many unsent bytes the source is held back.
const HIGH_WATER_BYTES = 256 * 1024;

/** A comment, which readers pass over (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). */
export const COMMENT = ": keep-alive\n\n";

/** Writes server-sent events as they come; what is written in one tick leaves in one piece. */
export class EventStream implements Ticked {
  place = -1;
  readonly #res: HttpReply;
  readonly #headers: Readonly<Record<string, string>>;
  #flow: Flow | undefined;
  #pending = "";
  #scheduled = false;
  #paused = false;
  #keepAlive: KeepAlive | undefined;
  #signOfLife = COMMENT;
  /** Something was written since the last tick. */
  #wrote = false;
  #silentSince = 0;
  // Made once for a stream, not for each of its chunks.
  readonly #flushing = (): void => this.#flush();

  /** Nothing is sent before the first flush; `headers` are added to those of every event stream. */
  constructor(res: HttpReply, headers: Readonly<Record<string, string>> = {}) {
    this.#res = res;
    this.#headers = headers;
  }

  /** Tells whom to hold back. */
  attach(flow: Flow): void {
    this.#flow = flow;
  }

  /** Sends a sign of life after each silence. Its first one begins the answer, if nothing else has. */
  keepAlive(keepAlive: KeepAlive, signOfLife = COMMENT): void {
    this.#keepAlive = keepAlive;
    this.#signOfLife = signOfLife;
    this.#silentSince = performance.now();
    keepAlive.ticker.add(this);
  }

  tick(now: number): void {
    const keepAlive = this.#keepAlive;
    if (!keepAlive) return;
    if (this.#res.destroyed || this.#res.writableEnded) {
      keepAlive.ticker.remove(this);
    } else if (this.#wrote || this.#paused) {
      this.#wrote = false;
      this.#silentSince = now;
    } else if (now - this.#silentSince >= keepAlive.silentMs) {
      this.#silentSince = now;
      this.write(this.#signOfLife);
      this.#wrote = false;
    }
  }

  /** The head of the answer is out, so that its status can no longer be another. */
  get begun(): boolean {
    return this.#res.headersSent;
  }

  /** Keeps the text for the next flush, without asking for one. */
  hold(text: string): void {
    this.#pending += text;
  }

  write(text: string): void {
    this.#wrote = true;
    this.#pending += text;
    if (this.#scheduled || this.#pending === "") return;
    this.#scheduled = true;
    queueMicrotask(this.#flushing);
  }

  /** Sends what waits and `text`, and ends the answer. */
  end(text: string): void {
    this.#keepAlive?.ticker.remove(this);
    const last = this.#pending + text;
    this.#pending = "";
    if (this.#res.destroyed) return;
    this.#begin();
    this.#res.end(last);
  }

  #begin(): void {
    if (!this.#res.headersSent) this.#res.writeHead(200, { ...EVENT_STREAM_HEADERS, ...this.#headers });
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#pending === "" || this.#res.writableEnded || this.#res.destroyed) return;
    this.#begin();
    this.#res.write(this.#pending);
    this.#pending = "";
    if (this.#paused || this.#res.writableLength < HIGH_WATER_BYTES) return;
    this.#paused = true;
    this.#flow?.pause();
    this.#res.once("drain", () => {
      this.#paused = false;
      this.#flow?.resume();
    });
  }
}
