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
  /** Names and values by turns. */
  readonly #headers: string[] = [];
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
    const text = String(value);
    if (typeof value === "string" && !VALUE.test(text))
      throw new Error(`The value of the header ${name} cannot be sent.`);
    const lower = name.toLowerCase();
    const headers = this.#headers;
    for (let at = 0; at < headers.length; at += 2) {
      if (headers[at] === lower) {
        headers[at + 1] = text;
        return;
      }
    }
    headers.push(lower, text);
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
    for (let at = 0; at < this.#headers.length; at += 2) if (this.#headers[at] === "content-length") return "";
    return `content-length: ${Buffer.byteLength(text)}\r\n`;
  }

  #head(framing: string): string {
    this.headersSent = true;
    let lines = "";
    for (let at = 0; at < this.#headers.length; at += 2) {
      const name = this.#headers[at];
      const value = this.#headers[at + 1] ?? "";
      if (name === "connection") this.#close = value === "close";
      else lines += `${name}: ${value}\r\n`;
    }
    const status = this.statusCode === 200 ? "200 OK" : `${this.statusCode} ${STATUS_CODES[this.statusCode] ?? ""}`;
    const kept = this.#close ? "connection: close\r\n" : "connection: keep-alive\r\nkeep-alive: timeout=65\r\n";
    return `HTTP/1.1 ${status}\r\n${lines}${dateLine()}${kept}${framing}\r\n`;
  }
}

function lastChunks(text: string): string {
  return text === "" ? "0\r\n\r\n" : `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}
