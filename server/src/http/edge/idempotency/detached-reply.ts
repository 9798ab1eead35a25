import { IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { keptHeaders } from "./kept-reply.ts";

/** The client's side: what is asked of its answer. */
export interface NearReply {
  readonly destroyed: boolean;
  readonly writableLength: number;
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  write(text: string): unknown;
  end(text?: string): unknown;
  destroy(): unknown;
  once(event: "close" | "drain", listener: () => void): unknown;
}

/** What a handler answered. */
export interface DetachedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined when it was longer than the bound. */
  readonly body: string | undefined;
}

/**
 * The answer that a handler writes to in place of the client's own. It passes everything on and keeps it, and it does not end
 * with the client's connection: a handler that listens for `close` works on, so that what it began takes effect once, and the
 * client that asks again finds the answer. The last piece is passed on only when `onWhole` is done with the answer, and so is the
 * whole of one that is no stream.
 */
export class DetachedReply extends ServerResponse {
  readonly #near: NearReply;
  readonly #maxBytes: number;
  readonly #onWhole: (answer: DetachedAnswer | undefined) => Promise<void>;
  #pieces: string[] | undefined = [];
  #bytes = 0;
  /** The pieces of an answer that is no stream: it is passed on at once, when it is kept. */
  #held = "";
  #passed = false;
  #ended = false;
  #draining = false;

  /** `onWhole` is told once, never rejects, and gets undefined for an answer that the handler broke off. */
  constructor(
    near: NearReply,
    options: { readonly maxBytes: number; readonly onWhole: (answer: DetachedAnswer | undefined) => Promise<void> },
  ) {
    // Of the request only the method counts here: whether the answer has a body.
    const request = new IncomingMessage(new Socket());
    request.method = "POST";
    super(request);
    this.#near = near;
    this.#maxBytes = options.maxBytes;
    this.#onWhole = options.onWhole;
    // Node keeps these of the socket, which there is none of.
    Object.defineProperties(this, {
      writableLength: { get: () => (near.destroyed ? 0 : near.writableLength) },
      writableEnded: { get: () => this.#ended },
      writableFinished: { get: () => this.#ended },
    });
    // Whoever waits for a client that is gone waits no longer.
    near.once("close", () => this.emit("drain"));
  }

  override writeHead(
    status: number,
    reasonOrHeaders?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    const given = typeof reasonOrHeaders === "object" ? reasonOrHeaders : headers;
    if (given && !Array.isArray(given)) {
      for (const [name, value] of Object.entries(given)) if (value !== undefined) this.setHeader(name, value);
    }
    return super.writeHead(status);
  }

  override write(chunk: unknown): boolean {
    if (this.#ended || this.destroyed) return false;
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.#held += this.#keep(chunk);
    // What is too large to be kept is not held either.
    if (!this.#streams() && this.#pieces) return true;
    this.#pass();
    if (this.writableLength === 0) return true;
    if (!this.#draining) {
      this.#draining = true;
      this.#near.once("drain", () => {
        this.#draining = false;
        this.emit("drain");
      });
    }
    return false;
  }

  override end(chunk?: unknown): this {
    if (this.#ended || this.destroyed) return this;
    this.#ended = true;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.#held += this.#keep(chunk);
    if (!this.headersSent) this.writeHead(this.statusCode);
    const body = this.#pieces?.join("");
    const answer = { status: this.statusCode, headers: keptHeaders(this.getHeaders()), body };
    void this.#onWhole(answer).then(() => {
      this.#passEnd();
      this.emit("finish");
      this.emit("close");
    });
    return this;
  }

  override destroy(reason?: Error): this {
    if (this.destroyed) return this;
    super.destroy(reason);
    if (this.#ended) return this;
    this.#ended = true;
    void this.#onWhole(undefined).then(() => {
      this.#near.destroy();
      this.emit("close");
    });
    return this;
  }

  #keep(chunk: unknown): string {
    const text =
      typeof chunk === "string" ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString("utf8") : "";
    if (this.#pieces) {
      this.#bytes += Buffer.byteLength(text);
      if (this.#bytes > this.#maxBytes) this.#pieces = undefined;
      else this.#pieces.push(text);
    }
    return text;
  }

  #streams(): boolean {
    return String(this.getHeader("content-type") ?? "").startsWith("text/event-stream");
  }

  #pass(): void {
    const text = this.#held;
    this.#held = "";
    if (this.#near.destroyed) return;
    if (!this.#passed) {
      this.#passed = true;
      this.#near.writeHead(this.statusCode, keptHeaders(this.getHeaders()));
    }
    if (text !== "") this.#near.write(text);
  }

  #passEnd(): void {
    if (this.#near.destroyed) return;
    const last = this.#held;
    if (!this.#passed) {
      const headers: Record<string, string | number> = keptHeaders(this.getHeaders());
      if (this.statusCode !== 204 && !this.#streams()) headers["content-length"] = Buffer.byteLength(last);
      this.#near.writeHead(this.statusCode, headers);
    }
    this.#near.end(last);
  }
}
