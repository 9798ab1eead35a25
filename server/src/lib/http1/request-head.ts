/** The head of a request that can be read in one way only. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** By lower-case name; no name comes twice. An object of this request's own. */
  readonly headers: Record<string, string>;
  /** Bytes of the body. */
  readonly contentLength: number;
}

/** A header line. */
interface Line {
  /** As it was sent, with its CRLF. */
  readonly text: string;
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

const REQUEST_LINE = /^POST (\/[\x21-\x7e]*) HTTP\/1\.1\r\n$/;
const HEADER_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;
const DIGITS = /^\d{1,15}$/;

// Each of these asks for something besides an answer.
const BESIDES = new Set(["transfer-encoding", "expect", "upgrade", "trailer", "http2-settings", "proxy-connection"]);

// Heads beyond these are read, but not remembered: a line that is may keep all of its head in memory.
const MOST_REMEMBERED_CHARACTERS = 4096;
// No line's place.
const NONE = -1;
const MOST_REMEMBERED_LINES = 32;

/** Nearly every value stands between one space and the line's end; then nothing has to be trimmed. */
function valueIn(line: string, colon: number): string {
  const start = colon + 1;
  const end = line.length - 2;
  const plain = line.charCodeAt(start) === 32 && line.charCodeAt(start + 1) > 32 && line.charCodeAt(end - 1) > 32;
  return plain ? line.slice(start + 1, end) : line.slice(start, end).trim();
}

/** Whether a plain request may say this. */
function isPlain(name: string, value: string): boolean {
  if (name === "content-length") return DIGITS.test(value);
  if (name === "connection") return value.toLowerCase() === "keep-alive";
  return !BESIDES.has(name);
}

/** The line that begins here; undefined when it is malformed or not plain. */
function lineAt(head: string, start: number): Line | undefined {
  const text = head.slice(start, head.indexOf("\r\n", start) + 2);
  if (!HEADER_LINE.test(text)) return undefined;
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).toLowerCase();
  const value = valueIn(text, colon);
  return isPlain(name, value) ? { text, name, value } : undefined;
}

// V8 forgets what an object of these names looks like when the last one is collected, as after a quiet minute, and with it all code that
// was optimised for it. So one without values is kept of each list of names, up to a bound, as it is read and as it is copied.
const shapes = new Map<string, readonly Readonly<Record<string, string>>[]>();
const MOST_SHAPES = 64;

function keepShape(headers: Readonly<Record<string, string>>): void {
  const names = Object.keys(headers);
  const list = names.join(":");
  if (shapes.has(list)) return;
  if (shapes.size >= MOST_SHAPES) shapes.clear();
  const shape: Record<string, string> = {};
  for (const name of names) shape[name] = "";
  shapes.set(list, [shape, { ...shape }]);
}

/**
 * Reads the heads of one connection's requests, one after another. A client says nearly the same with each of them, so what was read is
 * remembered line by line: a line that is the same as the one in its place before is compared and not read again.
 */
export class RequestHeadReader {
  #requestLine = "";
  #target = "";
  #lines: Line[] = [];
  #headers: Record<string, string> = {};
  /** The place of the only line that was another one last, if there was one, and the lines before and after it as one text. */
  #changing = NONE;
  #before = "";
  #after = "";

  /**
   * Reads a head without its empty last line. Answers undefined for every request that is not the plainest POST with a length:
   * whatever is unusual, doubtful or wrong is left to a reader that knows all of HTTP. It must not be asked again then.
   */
  read(text: string): RequestHead | undefined {
    const start = this.#readRequestLine(text);
    if (start === -1) return undefined;
    if (!this.#readAgain(text, start) && !this.#readAnew(text, start)) return undefined;
    const headers = this.#headers;
    if (text.length > MOST_REMEMBERED_CHARACTERS || this.#lines.length > MOST_REMEMBERED_LINES) this.#forget();
    const length = headers["content-length"];
    if (length === undefined || headers["host"] === undefined) return undefined;
    return { method: "POST", target: this.#target, headers, contentLength: Number(length) };
  }

  /** Answers where the header lines begin, or -1. */
  #readRequestLine(text: string): number {
    const known = this.#requestLine.length;
    if (known > 0 && text.slice(0, known) === this.#requestLine) return known;
    const end = text.indexOf("\r\n") + 2;
    const line = text.slice(0, end);
    const target = REQUEST_LINE.exec(line)?.[1];
    if (target === undefined) return -1;
    this.#requestLine = line;
    this.#target = target;
    return end;
  }

  /** Reads a head of the same names in the same order as the one before. False when it is another one. */
  #readAgain(text: string, start: number): boolean {
    return this.#lines.length > 0 && (this.#readChanged(text, start) || this.#readEach(text, start));
  }

  /** Reads a head of which no other line is new than the one that was it last, nearly always `content-length`. */
  #readChanged(text: string, start: number): boolean {
    const at = start + this.#before.length;
    const rest = text.length - this.#after.length;
    const known = this.#lines[this.#changing];
    if (known === undefined || rest <= at) return false;
    if (text.slice(start, at) !== this.#before || text.slice(rest) !== this.#after) return false;
    const line = text.slice(at, rest) === known.text ? known : lineAt(text, at);
    if (line === undefined || line.name !== known.name || line.text.length !== rest - at) return false;
    // To copy an object of known names costs a fraction of what it costs to put them in one by one.
    const headers = { ...this.#headers };
    headers[line.name] = line.value;
    this.#lines[this.#changing] = line;
    this.#headers = headers;
    return true;
  }

  /** Compares line by line. */
  #readEach(text: string, start: number): boolean {
    const lines = this.#lines;
    const headers = { ...this.#headers };
    let changed = 0;
    let changing = NONE;
    let at = start;
    for (let index = 0; index < lines.length; index += 1) {
      const known = lines[index];
      if (known === undefined) return false;
      const next = at + known.text.length;
      if (text.slice(at, next) === known.text) {
        at = next;
        continue;
      }
      const line = lineAt(text, at);
      if (line === undefined || line.name !== known.name) return false;
      lines[index] = line;
      headers[line.name] = line.value;
      at += line.text.length;
      changed += 1;
      changing = index;
    }
    if (at !== text.length) return false;
    this.#headers = headers;
    // Where several change with each request, putting the others together would be for nothing.
    if (changed === 1) this.#expect(changing);
    else this.#changing = NONE;
    return true;
  }

  /** The lines beside this one are taken for the same next time. */
  #expect(changing: number): void {
    const textOf = (lines: readonly Line[]): string => lines.map(({ text }) => text).join("");
    this.#changing = changing;
    this.#before = textOf(this.#lines.slice(0, changing));
    this.#after = textOf(this.#lines.slice(changing + 1));
  }

  #readAnew(text: string, start: number): boolean {
    const lines: Line[] = [];
    const headers: Record<string, string> = {};
    for (let at = start; at < text.length;) {
      const line = lineAt(text, at);
      // Names that every object knows, such as `constructor`, count as if they came twice.
      if (line === undefined || line.name in headers) return false;
      headers[line.name] = line.value;
      lines.push(line);
      at += line.text.length;
    }
    if (lines.length <= MOST_REMEMBERED_LINES) keepShape(headers);
    this.#headers = headers;
    this.#lines = lines;
    this.#expect(Math.max(0, Object.keys(headers).indexOf("content-length")));
    return true;
  }

  #forget(): void {
    this.#requestLine = "";
    this.#lines = [];
    this.#headers = {};
    this.#changing = NONE;
    this.#before = "";
    this.#after = "";
  }
}
