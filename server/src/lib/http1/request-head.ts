/** The head of a request that can be read in one way only. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** By lower-case name; no name comes twice. */
  readonly headers: Record<string, string>;
  /** Bytes of the body. */
  readonly contentLength: number;
}

const REQUEST_LINE = /^(POST) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const HEADER_LINES = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
const DIGITS = /^\d{1,15}$/;

// Each of these asks for something besides an answer.
const BESIDES = ["transfer-encoding", "expect", "upgrade", "trailer", "http2-settings", "proxy-connection"] as const;

/** Nearly every value stands between one space and the line's end; then nothing has to be trimmed. */
function valueIn(lines: string, start: number, end: number): string {
  const plain = lines.charCodeAt(start) === 32 && lines.charCodeAt(start + 1) > 32 && lines.charCodeAt(end - 1) > 32;
  return plain ? lines.slice(start + 1, end) : lines.slice(start, end).trim();
}

function headersIn(lines: string): Record<string, string> | undefined {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let start = 0;
  while (start < lines.length) {
    const end = lines.indexOf("\r\n", start);
    const colon = lines.indexOf(":", start);
    const name = lines.slice(start, colon).toLowerCase();
    if (name in headers) return undefined;
    headers[name] = valueIn(lines, colon + 1, end);
    start = end + 2;
  }
  return headers;
}

/**
 * Reads a head without its empty last line. Answers undefined for every request that is not the plainest POST with a length:
 * whatever is unusual, doubtful or wrong is left to a reader that knows all of HTTP.
 */
export function plainRequestHead(text: string): RequestHead | undefined {
  const first = text.indexOf("\r\n");
  const line = REQUEST_LINE.exec(text.slice(0, first));
  const lines = text.slice(first + 2);
  if (!line || !HEADER_LINES.test(lines)) return undefined;
  const headers = headersIn(lines);
  if (!headers || headers["host"] === undefined) return undefined;
  for (const name of BESIDES) if (headers[name] !== undefined) return undefined;
  const { connection } = headers;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return undefined;
  const length = headers["content-length"];
  if (length === undefined || !DIGITS.test(length)) return undefined;
  return { method: line[1] ?? "", target: line[2] ?? "", headers, contentLength: Number(length) };
}
