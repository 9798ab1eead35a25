import { type AnswerHead, AnswerHeadReader, HttpSyntaxError } from "./answer-head.ts";

/** Takes one answer. Once `answerEnd` was called, or the parser was stopped, nothing follows. */
export interface AnswerListener {
  /** Heads of 1xx are not told. */
  answerHead(head: AnswerHead): void;
  /** A piece of the body, without its framing: a view of what came in, good until this returns. */
  answerData(chunk: Buffer): void;
  /** The body is over. `rest`: the other side sent more than its answer. */
  answerEnd(rest: boolean): void;
}

/** Bytes that a head, a chunk's size line or the trailers may have. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_SIZE_LINE_BYTES = 4 * 1024;

const HEAD_END = Buffer.from("\r\n\r\n");
const CR = 0x0d;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);

type State = "head" | "length" | "close" | "size" | "chunk" | "chunk-end" | "trailer" | "done";

/**
 * Reads one HTTP/1.1 answer after another from the bytes of a connection, which need to stay only until `push` returns. Throws {@link HttpSyntaxError}, after which the connection is of no use.
 */
export class AnswerParser {
  readonly #listener: AnswerListener;
  readonly #heads = new AnswerHeadReader();
  #state: State = "head";
  /** Bytes of a head or a line of which the end has not come. */
  #kept: Buffer = EMPTY;
  /** Bytes that the body, or the chunk, still has. */
  #left = 0;
  #stopped = false;
  #bodiless = false;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Ready for the next answer. `bodiless`: its request was HEAD. */
  reset(bodiless: boolean): void {
    this.#state = "head";
    this.#kept = EMPTY;
    this.#stopped = false;
    this.#bodiless = bodiless;
  }

  /** Tells the listener nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  /** The connection is closed. True when that is how this answer ends. */
  closed(): boolean {
    if (this.#state !== "close" || this.#stopped) return false;
    this.#state = "done";
    this.#listener.answerEnd(false);
    return true;
  }

  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#kept.length > 0) {
      data = Buffer.concat([this.#kept, chunk]);
      this.#kept = EMPTY;
    }
    let at = 0;
    while (at < data.length && !this.#stopped) {
      const next = this.#step(data, at);
      if (next === -1) {
        this.#keep(data, at);
        return;
      }
      at = next;
    }
  }

  /** Reads on from `at`; answers where it stopped, or -1 when it needs more than there is. */
  #step(data: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(data, at);
      case "length":
      case "chunk":
        return this.#body(data, at);
      case "close":
        this.#listener.answerData(at === 0 ? data : data.subarray(at));
        return data.length;
      case "size":
        return this.#size(data, at);
      case "chunk-end":
        return this.#chunkEnd(data, at);
      case "trailer":
        return this.#trailer(data, at);
      case "done":
        throw new HttpSyntaxError("The server sent something that was not asked for.");
    }
  }

  #keep(data: Buffer, at: number): void {
    const limit = this.#state === "size" ? MAX_SIZE_LINE_BYTES : MAX_HEAD_BYTES;
    if (data.length - at > limit) throw new HttpSyntaxError(`A head or line is longer than ${limit} bytes.`);
    this.#kept = Buffer.from(data.subarray(at));
  }

  #head(data: Buffer, at: number): number {
    const end = data.indexOf(HEAD_END, at);
    if (end === -1) return -1;
    if (end - at > MAX_HEAD_BYTES) throw new HttpSyntaxError(`A head is longer than ${MAX_HEAD_BYTES} bytes.`);
    const head = this.#heads.read(data.toString("latin1", at, end + 2));
    const next = end + 4;
    if (head.status < 200) {
      if (head.status === 101) throw new HttpSyntaxError("The server changed to another protocol.");
      return next;
    }
    this.#listener.answerHead(head);
    if (this.#stopped) return next;
    if (this.#bodiless || head.status === 204 || head.status === 304) this.#end(data, next);
    else if (head.chunked) this.#state = "size";
    else if (head.contentLength === -1) this.#state = "close";
    else if (head.contentLength === 0) this.#end(data, next);
    else {
      this.#state = "length";
      this.#left = head.contentLength;
    }
    return next;
  }

  #body(data: Buffer, at: number): number {
    const end = Math.min(at + this.#left, data.length);
    this.#left -= end - at;
    this.#listener.answerData(at === 0 && end === data.length ? data : data.subarray(at, end));
    if (this.#left === 0 && !this.#stopped) {
      if (this.#state === "chunk") this.#state = "chunk-end";
      else this.#end(data, end);
    }
    return end;
  }

  #size(data: Buffer, at: number): number {
    const end = data.indexOf(LF, at);
    if (end === -1) return -1;
    if (data[end - 1] !== CR) throw new HttpSyntaxError("A chunk's size line does not end with CRLF.");
    let size = 0;
    let digits = at;
    for (; digits < end - 1; digits += 1) {
      const value = hexDigit(data[digits] ?? 0);
      if (value === -1) break;
      size = size * 16 + value;
    }
    // Extensions after a semicolon are allowed and mean nothing to us.
    const after = data[digits];
    const ended = digits === end - 1 || after === 0x3b || after === 0x20 || after === 0x09;
    if (digits === at || digits - at > 12 || !ended) throw new HttpSyntaxError("A chunk's size is malformed.");
    this.#state = size === 0 ? "trailer" : "chunk";
    this.#left = size;
    return end + 1;
  }

  #chunkEnd(data: Buffer, at: number): number {
    if (data.length - at < 2) return -1;
    if (data[at] !== CR || data[at + 1] !== LF) throw new HttpSyntaxError("A chunk is longer than its size.");
    this.#state = "size";
    return at + 2;
  }

  // Trailers say nothing that we use; they end with an empty line, which may be the first.
  #trailer(data: Buffer, at: number): number {
    const end = data.indexOf(LF, at);
    if (end === -1) return -1;
    if (data[end - 1] !== CR || end === at) throw new HttpSyntaxError("A trailer line does not end with CRLF.");
    if (end - at === 1) this.#end(data, end + 1);
    return end + 1;
  }

  #end(data: Buffer, next: number): void {
    this.#state = "done";
    this.#listener.answerEnd(next < data.length);
  }
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
