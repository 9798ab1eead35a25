/** What the other side sent is no HTTP/1.1, or more of it than is taken. */
export class HttpSyntaxError extends Error {
  readonly code = "HTTP_SYNTAX";

  constructor(message: string) {
    super(message);
    this.name = "HttpSyntaxError";
  }
}

/** The head of an answer, after RFC 9112 (https://www.rfc-editor.org/rfc/rfc9112). */
export interface AnswerHead {
  /** 100 to 999. */
  readonly status: number;
  /** Bytes of the body; -1 when the head does not say. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** The connection may carry another request after this answer. */
  readonly keepAlive: boolean;
  /** Seconds for which the server keeps an unused connection, where it says so; else -1. */
  readonly keepAliveSeconds: number;
  /** In lower case, without what follows a semicolon; empty when there is none. */
  readonly contentType: string;
  /** In lower case; empty when there is none. */
  readonly contentEncoding: string;
  /** All header lines, for {@link headersOf}. */
  readonly lines: string;
}

// HTTP/1.x only; the reason phrase may be absent, and so may the space before it.
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n$/;
// A name of token characters, then a value without control characters. Lines that are folded or have a space before the colon
// are refused, because two readers could understand them differently.
const HEADER_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;
const DIGITS = /^\d{1,15}$/;

// Heads beyond these are read, but not remembered: a line that is may keep all of its head in memory.
const MOST_REMEMBERED_CHARACTERS = 4096;
const MOST_REMEMBERED_LINES = 48;

interface Framing {
  contentLength: number;
  chunked: boolean;
  close: boolean;
  keepAlive: boolean;
  keepAliveSeconds: number;
  contentType: string;
  contentEncoding: string;
}

/** A header line that was read. */
interface Line {
  /** As it was sent, with its CRLF. */
  readonly text: string;
  /** In lower case; empty for those that say nothing of how to read the answer. */
  readonly name: string;
  /** What is meant by it, in lower case. */
  readonly value: string;
  /** The value as a number, where it is one: a length, seconds. */
  readonly number: number;
}

function lengthOf(value: string): number {
  if (!DIGITS.test(value)) throw new HttpSyntaxError("A Content-Length is no number.");
  return Number(value);
}

/** What `Connection` says of its end, the last word first. */
function optionOf(value: string): string {
  const options = new Set(value.split(",").map((option) => option.trim()));
  if (options.has("close")) return "close";
  return options.has("keep-alive") ? "keep-alive" : "";
}

function meaningOf(text: string, name: string, value: string): Line {
  switch (name) {
    case "content-length":
      return { text, name, value, number: lengthOf(value) };
    case "transfer-encoding":
      if (value !== "chunked") throw new HttpSyntaxError("A transfer coding other than chunked was not asked for.");
      return { text, name, value, number: -1 };
    case "connection":
      return { text, name, value: optionOf(value), number: -1 };
    case "keep-alive":
      return { text, name, value, number: Number(/(?:^|[,;\s])timeout=(\d{1,6})/.exec(value)?.[1] ?? -1) };
    case "content-type":
      return { text, name, value: (value.split(";", 1)[0] ?? "").trim(), number: -1 };
    case "content-encoding":
      return { text, name, value, number: -1 };
    default:
      return { text, name: "", value: "", number: -1 };
  }
}

// The lengths of the names that say how to read the answer: of the other lines no more is made than their text.
const KNOWN_LENGTHS = new Set([10, 12, 14, 16, 17]);

function lineAt(head: string, start: number): Line {
  const text = head.slice(start, head.indexOf("\r\n", start) + 2);
  if (!HEADER_LINE.test(text)) throw new HttpSyntaxError("A header line is malformed.");
  const colon = text.indexOf(":");
  if (!KNOWN_LENGTHS.has(colon)) return { text, name: "", value: "", number: -1 };
  const value = text
    .slice(colon + 1, -2)
    .trim()
    .toLowerCase();
  return meaningOf(text, text.slice(0, colon).toLowerCase(), value);
}

function follow(framing: Framing, line: Line): void {
  switch (line.name) {
    case "content-length":
      if (framing.contentLength !== -1 && framing.contentLength !== line.number)
        throw new HttpSyntaxError("Two Content-Lengths differ.");
      framing.contentLength = line.number;
      return;
    case "transfer-encoding":
      if (framing.chunked) throw new HttpSyntaxError("A transfer coding was named twice.");
      framing.chunked = true;
      return;
    case "connection":
      if (line.value === "close") framing.close = true;
      else if (line.value === "keep-alive") framing.keepAlive = true;
      return;
    case "keep-alive":
      if (line.number !== -1) framing.keepAliveSeconds = line.number;
      return;
    case "content-type":
      framing.contentType = line.value;
      return;
    case "content-encoding":
      framing.contentEncoding = line.value;
  }
}

/**
 * Reads the heads of one connection's answers, one after another. A server says nearly the same with each of them, so what was read is
 * remembered line by line: a line that is the same as the one in its place before is compared and not read again.
 */
export class AnswerHeadReader {
  #statusLine = "";
  #status = 0;
  #minor = "";
  #lines: Line[] = [];

  /** Reads a head without its empty last line: the status line and each header line with their CRLF. Throws {@link HttpSyntaxError}. */
  read(text: string): AnswerHead {
    const start = this.#readStatusLine(text);
    const framing: Framing = {
      contentLength: -1,
      chunked: false,
      close: false,
      keepAlive: this.#minor === "1",
      keepAliveSeconds: -1,
      contentType: "",
      contentEncoding: "",
    };
    this.#readLines(text, start, framing);
    // Both at once is how requests are smuggled; the length is not to be believed then, nor is the connection.
    const both = framing.chunked && framing.contentLength !== -1;
    return {
      status: this.#status,
      contentLength: framing.contentLength,
      chunked: framing.chunked,
      keepAlive: framing.keepAlive && !framing.close && !both,
      keepAliveSeconds: framing.keepAliveSeconds,
      contentType: framing.contentType,
      contentEncoding: framing.contentEncoding,
      lines: text.slice(start),
    };
  }

  /** Answers where the header lines begin. */
  #readStatusLine(text: string): number {
    const known = this.#statusLine.length;
    if (known > 0 && text.slice(0, known) === this.#statusLine) return known;
    const end = text.indexOf("\r\n") + 2;
    const line = text.slice(0, end);
    const match = STATUS_LINE.exec(line);
    if (!match) throw new HttpSyntaxError("The answer does not begin with an HTTP/1.1 status line.");
    this.#statusLine = line;
    this.#minor = match[1] ?? "";
    this.#status = Number(match[2]);
    return end;
  }

  #readLines(text: string, start: number, framing: Framing): void {
    const lines = this.#lines;
    let index = 0;
    for (let at = start; at < text.length; index += 1) {
      let line = lines[index];
      if (line === undefined || text.slice(at, at + line.text.length) !== line.text)
        lines[index] = line = lineAt(text, at);
      follow(framing, line);
      at += line.text.length;
    }
    if (text.length > MOST_REMEMBERED_CHARACTERS || index > MOST_REMEMBERED_LINES) {
      this.#statusLine = "";
      this.#lines = [];
    }
  }
}

/** The header lines as a record of lower-case names; the values of a name that comes again are joined by a comma. */
export function headersOf(lines: string): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
}
