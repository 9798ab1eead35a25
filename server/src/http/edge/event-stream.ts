import type { ServerResponse } from "node:http";

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

/** Writes server-sent events as they come; what is written in one tick leaves in one piece. */
export class EventStream {
  readonly #res: ServerResponse;
  readonly #headers: Readonly<Record<string, string>>;
  #flow: Flow | undefined;
  #pending = "";
  #scheduled = false;
  #paused = false;

  /** Nothing is sent before the first flush; `headers` are added to those of every event stream. */
  constructor(res: ServerResponse, headers: Readonly<Record<string, string>> = {}) {
    this.#res = res;
    this.#headers = headers;
  }

  /** Tells whom to hold back. */
  attach(flow: Flow): void {
    this.#flow = flow;
  }

  /** Keeps the text for the next flush, without asking for one. */
  hold(text: string): void {
    this.#pending += text;
  }

  write(text: string): void {
    this.#pending += text;
    if (this.#scheduled || this.#pending === "") return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  /** Sends what waits and `text`, and ends the answer. */
  end(text: string): void {
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
