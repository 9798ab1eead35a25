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
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
// A name of token characters, then a value without control characters. Lines that are folded or have a space before the colon
// are refused, because two readers could understand them differently.
const HEADER_LINES = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const DIGITS = /^\d{1,15}$/;

interface Framing {
  contentLength: number;
  chunked: boolean;
  close: boolean;
  keepAlive: boolean;
  keepAliveSeconds: number;
  contentType: string;
  contentEncoding: string;
}

function readLength(value: string, before: number): number {
  if (!DIGITS.test(value)) throw new HttpSyntaxError("A Content-Length is no number.");
  const length = Number(value);
  if (before !== -1 && before !== length) throw new HttpSyntaxError("Two Content-Lengths differ.");
  return length;
}

function readField(framing: Framing, name: string, value: string): void {
  switch (name) {
    case "content-length":
      framing.contentLength = readLength(value, framing.contentLength);
      return;
    case "transfer-encoding":
      if (framing.chunked || value.toLowerCase() !== "chunked") {
        throw new HttpSyntaxError("A transfer coding other than chunked was not asked for.");
      }
      framing.chunked = true;
      return;
    case "connection":
      for (const option of value.toLowerCase().split(",")) {
        if (option.trim() === "close") framing.close = true;
        else if (option.trim() === "keep-alive") framing.keepAlive = true;
      }
      return;
    case "keep-alive": {
      const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(value)?.[1];
      if (seconds !== undefined) framing.keepAliveSeconds = Number(seconds);
      return;
    }
    case "content-type":
      framing.contentType = (value.split(";", 1)[0] ?? "").trim().toLowerCase();
      return;
    case "content-encoding":
      framing.contentEncoding = value.toLowerCase();
  }
}

// The lengths of the names that `readField` knows: of the other lines no string is made.
const KNOWN_LENGTHS = new Set([10, 12, 14, 16, 17]);

function readLines(lines: string, framing: Framing): void {
  let start = 0;
  while (start < lines.length) {
    const end = lines.indexOf("\r\n", start);
    const colon = lines.indexOf(":", start);
    if (KNOWN_LENGTHS.has(colon - start)) {
      readField(framing, lines.slice(start, colon).toLowerCase(), lines.slice(colon + 1, end).trim());
    }
    start = end + 2;
  }
}

/** Reads a head without its empty last line: the status line and each header line with their CRLF. Throws {@link HttpSyntaxError}. */
export function parseAnswerHead(text: string): AnswerHead {
  const first = text.indexOf("\r\n");
  const status = STATUS_LINE.exec(first === -1 ? text : text.slice(0, first));
  if (!status) throw new HttpSyntaxError("The answer does not begin with an HTTP/1.1 status line.");
  const lines = first === -1 ? "" : text.slice(first + 2);
  if (!HEADER_LINES.test(lines)) throw new HttpSyntaxError("A header line is malformed.");
  const framing: Framing = {
    contentLength: -1,
    chunked: false,
    close: false,
    keepAlive: status[1] === "1",
    keepAliveSeconds: -1,
    contentType: "",
    contentEncoding: "",
  };
  readLines(lines, framing);
  // Both at once is how requests are smuggled; the length is not to be believed then, nor is the connection.
  const both = framing.chunked && framing.contentLength !== -1;
  return {
    status: Number(status[2]),
    contentLength: framing.contentLength,
    chunked: framing.chunked,
    keepAlive: framing.keepAlive && !framing.close && !both,
    keepAliveSeconds: framing.keepAliveSeconds,
    contentType: framing.contentType,
    contentEncoding: framing.contentEncoding,
    lines,
  };
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
