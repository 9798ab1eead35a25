import { SlipwayError } from "@slipway/contracts/errors.ts";

const LF = 10;
const CR = 13;
const SPACE = 32;
const BYTE_ORDER_MARK = 0xfeff;
const FIRST_CAPACITY = 1024;

/** Told of each event of a stream, in order, before {@link SseParser.push} returns. */
export interface SseListener {
  /** `event` is "message" where the stream gives the event no type. */
  sseEvent(data: string, event: string): void;
}

/**
 * An incremental parser of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * Bytes may be cut anywhere, inside a UTF-8 sequence or between CR and LF too: only whole lines are decoded, and no byte of a
 * multi-byte sequence looks like the end of a line. An event that the stream's end leaves without its empty line is dropped, as
 * the standard says.
 */
export class SseParser {
  /** The last `id` that came with an event; empty before. */
  lastEventId = "";
  /** The last `retry`, in milliseconds. */
  retryMs: number | undefined;

  readonly #listener: SseListener;
  readonly #maxEventSize: number;
  #rest: Buffer | undefined;
  #restLength = 0;
  #begun = false;
  #afterCr = false;
  #data: string | undefined;
  #event = "";
  #id: string | undefined;

  /** `maxEventSize` bounds one event: UTF-16 units of its finished lines plus bytes of the unfinished one. */
  constructor(listener: SseListener, maxEventSize: number) {
    this.#listener = listener;
    this.#maxEventSize = maxEventSize;
  }

  /** Takes the next bytes. Throws `provider_answer_unusable` when an event outgrows the bound; the parser is of no use after that. */
  push(chunk: Buffer): void {
    const cr = chunk.lastIndexOf(CR);
    const end = Math.max(chunk.lastIndexOf(LF), cr) + 1;
    if (end > 0) this.#lines(this.#take(chunk, end), cr !== -1);
    if (end < chunk.length) {
      this.#keep(chunk, end);
      this.#afterCr = false;
      this.#bound(this.#restLength + (this.#data?.length ?? 0));
    }
  }

  /** The bytes kept so far and those of the chunk up to `end`, as text. */
  #take(chunk: Buffer, end: number): string {
    if (this.#restLength === 0) return chunk.toString("utf8", 0, end);
    this.#keep(end === chunk.length ? chunk : chunk.subarray(0, end), 0);
    const text = this.#rest?.toString("utf8", 0, this.#restLength) ?? "";
    this.#restLength = 0;
    return text;
  }

  // The buffer doubles, so a line that comes byte by byte is copied twice at most.
  #keep(chunk: Buffer, from: number): void {
    const length = this.#restLength + chunk.length - from;
    let rest = this.#rest;
    if (!rest || rest.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(length))));
      rest?.copy(grown, 0, 0, this.#restLength);
      this.#rest = rest = grown;
    }
    chunk.copy(rest, this.#restLength, from);
    this.#restLength = length;
  }

  #lines(text: string, hasCr: boolean): void {
    let at = 0;
    if (!this.#begun) {
      this.#begun = true;
      if (text.charCodeAt(0) === BYTE_ORDER_MARK) at = 1;
    }
    if (this.#afterCr) {
      this.#afterCr = false;
      if (text.charCodeAt(at) === LF) at += 1;
    }
    if (hasCr) return this.#mixedLines(text, at);
    while (at < text.length) {
      const end = text.indexOf("\n", at);
      this.#line(text, at, end);
      at = end + 1;
    }
  }

  /** As the loop of `#lines`, for text in which CR or CR LF ends lines. */
  #mixedLines(text: string, from: number): void {
    let at = from;
    let lf = text.indexOf("\n", at);
    let cr = text.indexOf("\r", at);
    while (at < text.length) {
      // Looked for again only when passed: else a chunk of many lines would be searched to its end for each of them.
      if (lf !== -1 && lf < at) lf = text.indexOf("\n", at);
      if (cr !== -1 && cr < at) cr = text.indexOf("\r", at);
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr;
      this.#line(text, at, end);
      at = end + 1;
      if (end !== cr) continue;
      if (at === text.length) this.#afterCr = true;
      else if (text.charCodeAt(at) === LF) at += 1;
    }
  }

  #line(text: string, start: number, end: number): void {
    if (start === end) return this.#dispatch();
    if (text.startsWith("data:", start)) return this.#addData(fieldValue(text, start + 5, end));
    if (text.startsWith("event:", start)) {
      this.#event = fieldValue(text, start + 6, end);
      return;
    }
    const line = text.slice(start, end);
    const colon = line.indexOf(":");
    if (colon === -1) this.#field(line, "");
    else if (colon > 0) this.#field(line.slice(0, colon), fieldValue(line, colon + 1, line.length));
  }

  #field(name: string, value: string): void {
    if (name === "data") this.#addData(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
  }

  #addData(value: string): void {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    this.#bound(this.#data.length);
  }

  #bound(size: number): void {
    if (size <= this.#maxEventSize) return;
    throw new SlipwayError(
      "provider_answer_unusable",
      `The provider sent an event larger than ${this.#maxEventSize} bytes.`,
    );
  }

  #dispatch(): void {
    if (this.#id !== undefined) this.lastEventId = this.#id;
    const data = this.#data;
    const event = this.#event;
    this.#id = undefined;
    this.#data = undefined;
    this.#event = "";
    if (data !== undefined) this.#listener.sseEvent(data, event === "" ? "message" : event);
  }
}

// One space after the colon belongs to the syntax, any further one to the value.
function fieldValue(text: string, start: number, end: number): string {
  return text.slice(start < end && text.charCodeAt(start) === SPACE ? start + 1 : start, end);
}
