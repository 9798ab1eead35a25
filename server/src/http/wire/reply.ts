import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HttpReply } from "../message.ts";

// The name and the value are written into the head as they are: neither may end its line.
const VALUE = /^[\t\x20-\x7e]*$/;

let dateText = "";
let dateSecond = -1;
// The date changes once a second; most answers find it made.
function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}

/** A header as it is written. */
interface Header {
  /** In lower case. */
  readonly name: string;
  readonly value: string | number;
  /** With its CRLF. */
  readonly line: string;
}

/** The last header of a name that was kept, and how many others came since. */
interface Written {
  header: Header;
  others: number;
}

// Most answers say the same of most names. Names are ours and few; those of a vendor or an agent have a bound.
const written = new Map<string, Written>();
const MOST_WRITTEN = 200;
// What is another with every answer, such as what is left of a limit, is kept once in so many times, as what an old map holds outlives
// its collection; and compared a few times after, as to compare a text that was just put together costs as much as to write it.
const KEPT_ONCE_IN = 64;
const COMPARED = 8;

function headerOf(name: string, value: string | number): Header {
  const before = written.get(name);
  if (before !== undefined && before.others < COMPARED && before.header.value === value) {
    before.others = 0;
    return before.header;
  }
  if (typeof value === "string" && !VALUE.test(value))
    throw new Error(`The value of the header ${name} cannot be sent.`);
  const lower = before === undefined ? name.toLowerCase() : before.header.name;
  const header = { name: lower, value, line: `${lower}: ${value}\r\n` };
  if (before === undefined) {
    if (written.size < MOST_WRITTEN) written.set(name, { header, others: 0 });
  } else {
    before.others = (before.others + 1) % KEPT_ONCE_IN;
    if (before.others === 0) before.header = header;
  }
  return header;
}

/** What a reply tells the connection that it belongs to. */
export interface ReplyOwner {
  /** The answer was handed to the system whole. `close`: the connection carries no other. */
  replied(close: boolean): void;
}

/** One answer on a connection of the hot routes, written as HTTP/1.1: in one piece when it is whole, in chunks when it is streamed. */
export class WireReply implements HttpReply {
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  destroyed = false;
  readonly #socket: Socket;
  readonly #owner: ReplyOwner;
  readonly #headers: Header[] = [];
  #close = false;
  #chunked = false;
  #onClose: (() => void)[] | undefined;
  #onDrain: (() => void) | undefined;

  constructor(socket: Socket, owner: ReplyOwner) {
    this.#socket = socket;
    this.#owner = owner;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  setHeader(name: string, value: string | number): void {
    if (this.headersSent) throw new Error(`The header ${name} comes after the head was sent.`);
    const header = headerOf(name, value);
    const headers = this.#headers;
    for (let at = 0; at < headers.length; at += 1) {
      if (headers[at]?.name === header.name) {
        headers[at] = header;
        return;
      }
    }
    headers.push(header);
  }

  writeHead(status: number, headers?: Readonly<Record<string, string | number>>): void {
    this.statusCode = status;
    for (const name in headers) this.setHeader(name, headers[name] ?? "");
  }

  write(text: string): void {
    if (this.writableEnded || this.destroyed || text === "") return;
    this.#chunked ||= !this.headersSent;
    const chunk = `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
    this.#socket.write(this.headersSent ? chunk : this.#head("transfer-encoding: chunked\r\n") + chunk);
  }

  end(text = ""): void {
    if (this.writableEnded || this.destroyed) return;
    this.writableEnded = true;
    const last = this.#chunked ? lastChunks(text) : this.#head(this.#lengthLine(text)) + text;
    this.#socket.write(last);
    // Nearly always the system takes it at once; then there is nothing to be called back about.
    if (this.#socket.writableLength === 0) this.#finished();
    else {
      this.#socket.write("", (error) => {
        if (!error) this.#finished();
      });
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  once(event: "close" | "drain", listener: () => void): void {
    if (event === "drain") this.#onDrain = listener;
    else (this.#onClose ??= []).push(listener);
  }

  /** The socket has room again. */
  drained(): void {
    const listener = this.#onDrain;
    this.#onDrain = undefined;
    listener?.();
  }

  /** The connection is gone. */
  lost(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#over();
  }

  #finished(): void {
    if (this.destroyed) return;
    this.writableFinished = true;
    this.destroyed = true;
    this.#over();
    this.#owner.replied(this.#close);
  }

  #over(): void {
    const listeners = this.#onClose;
    this.#onClose = undefined;
    if (listeners) for (const listener of listeners) listener();
  }

  #lengthLine(text: string): string {
    for (const { name } of this.#headers) if (name === "content-length") return "";
    return `content-length: ${Buffer.byteLength(text)}\r\n`;
  }

  #head(framing: string): string {
    this.headersSent = true;
    let lines = "";
    for (const { name, value, line } of this.#headers) {
      if (name === "connection") this.#close = value === "close";
      else lines += line;
    }
    const status = this.statusCode === 200 ? "200 OK" : `${this.statusCode} ${STATUS_CODES[this.statusCode] ?? ""}`;
    const kept = this.#close ? "connection: close\r\n" : "connection: keep-alive\r\nkeep-alive: timeout=65\r\n";
    return `HTTP/1.1 ${status}\r\n${lines}${dateLine()}${kept}${framing}\r\n`;
  }
}

function lastChunks(text: string): string {
  return text === "" ? "0\r\n\r\n" : `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}
