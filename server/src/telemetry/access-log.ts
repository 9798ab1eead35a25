import { writeSync } from "node:fs";
import { jsonText } from "#lib/json-text.ts";
import { type GoogleLog, TRACE_FIELD, tracePrefix } from "./google-log.ts";

/** One answered request. */
export interface AccessLine {
  readonly requestId: string;
  readonly traceId: string;
  readonly tenantId: string | undefined;
  readonly keyId: string | undefined;
  readonly method: string;
  /** The route's pattern, not the path: it has few values and holds no id. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly model: string | undefined;
  /** The version of the routes that the model's name was resolved by; absent where none is configured. */
  readonly routes?: string | undefined;
  /** The stable code of a failed request. */
  readonly code: string | undefined;
}

export interface AccessLog {
  write(line: AccessLine): void;
  flush(): void;
}

const FLUSH_BYTES = 16_384;
const FLUSH_MS = 50;
// What is written as bytes before it goes out, nearly always: to make room for it anew each time costs as much again.
const ROOM_BYTES = 64 * 1024;
// Of UTF-8, for each of a text's code units.
const MOST_BYTES_A_UNIT = 3;

// A descriptor that is full (a slow pipe) answers EAGAIN: what does not fit is kept for the next flush, up to this bound.
const MOST_KEPT = 4 * 1024 * 1024;

// A pipe takes so much in one piece (PIPE_BUF of Linux); what is longer may be torn by what others write (pipe(7)).
const WHOLE_BYTES = 4096;

/** Milliseconds to two places: to write two whole numbers takes half of what a fraction takes. */
function hundredths(ms: number): string {
  const all = Math.round(ms * 100);
  const whole = Math.floor(all / 100);
  const rest = all - whole * 100;
  return rest < 10 ? `${whole}.0${rest}` : `${whole}.${rest}`;
}

function sameFacts(a: AccessLine, b: AccessLine): boolean {
  return (
    a.tenantId === b.tenantId &&
    a.keyId === b.keyId &&
    a.method === b.method &&
    a.route === b.route &&
    a.status === b.status &&
    a.model === b.model &&
    a.routes === b.routes &&
    a.code === b.code
  );
}

/** All that {@link sameFacts} compares. */
function factsOf(line: AccessLine): string {
  return (
    (line.tenantId === undefined
      ? ""
      : `,"tenantId":${jsonText(line.tenantId)},"keyId":${jsonText(line.keyId ?? "")}`) +
    `,"method":${jsonText(line.method)},"route":${jsonText(line.route)},"status":${line.status}` +
    (line.model === undefined ? "" : `,"model":${jsonText(line.model)}`) +
    (line.routes === undefined ? "" : `,"routes":"${line.routes}"`) +
    (line.code === undefined ? "" : `,"code":${jsonText(line.code)}`)
  );
}

/** Where the last whole line ends that can be written in one piece; a line that is longer is written alone. */
function endOfLines(bytes: Buffer, start: number): number {
  if (bytes.length - start <= WHOLE_BYTES) return bytes.length;
  const last = bytes.lastIndexOf(10, start + WHOLE_BYTES - 1);
  const end = last >= start ? last : bytes.indexOf(10, start);
  return end === -1 ? bytes.length : end + 1;
}

/**
 * The line per request, hand-made and written in groups, because at some thousand requests a second a general logger
 * costs more than the request's own bookkeeping.
 */
export function createAccessLog(options: {
  readonly enabled: boolean;
  readonly release: string;
  readonly fd?: number;
  /** The worker's number, where several processes write to one descriptor. */
  readonly worker?: number | undefined;
  /** Set where Cloud Logging reads the lines. */
  readonly google?: GoogleLog | undefined;
}): AccessLog {
  if (!options.enabled) return { write: () => {}, flush: () => {} };
  const fd = options.fd ?? 1;
  const { worker, google } = options;
  const head = google === undefined ? '{"level":"info"' : '{"severity":"INFO"';
  const traces = google === undefined ? undefined : tracePrefix(google);
  const tail = `,"release":${JSON.stringify(options.release)}${worker === undefined ? "" : `,"worker":${worker}`},"${google === undefined ? "msg" : "message"}":"request"}\n`;
  const room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  let buffer = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const bytes =
      buffer.length * MOST_BYTES_A_UNIT > room.length ? Buffer.from(buffer) : room.subarray(0, room.write(buffer));
    buffer = "";
    let offset = 0;
    try {
      while (offset < bytes.length) {
        const end = worker === undefined ? bytes.length : endOfLines(bytes, offset);
        offset += writeSync(fd, bytes, offset, end - offset);
      }
    } catch {
      if (bytes.length - offset < MOST_KEPT) buffer = bytes.toString("utf8", offset);
    }
  };
  // Many lines share a millisecond, and making the text of a date is the dearest part of a line.
  let writtenAt = 0;
  let start = "";
  // Most lines say the same as the one before, but for what names the request and how long it took.
  let before: AccessLine | undefined;
  let end = "";
  return {
    flush,
    write(line) {
      const now = Date.now();
      if (now !== writtenAt) {
        writtenAt = now;
        start = `${head},"time":"${new Date(now).toISOString()}","requestId":`;
      }
      if (before === undefined || !sameFacts(before, line)) end = factsOf(line) + tail;
      before = line;
      const trace = traces === undefined ? "" : `,"${TRACE_FIELD}":"${traces}${line.traceId}"`;
      buffer += `${start}${jsonText(line.requestId)},"traceId":"${line.traceId}"${trace},"durationMs":${hundredths(line.durationMs)}${end}`;
      if (buffer.length >= FLUSH_BYTES) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
}
