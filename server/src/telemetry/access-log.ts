import { writeSync } from "node:fs";

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
  /** The stable code of a failed request. */
  readonly code: string | undefined;
}

export interface AccessLog {
  write(line: AccessLine): void;
  flush(): void;
}

const FLUSH_BYTES = 16_384;
const FLUSH_MS = 50;

// A descriptor that is full (a slow pipe) answers EAGAIN: what does not fit is kept for the next flush, up to this bound.
const MOST_KEPT = 4 * 1024 * 1024;

/**
 * The line per request, hand-made and written in groups, because at some thousand requests a second a general logger
 * costs more than the request's own bookkeeping.
 */
export function createAccessLog(options: {
  readonly enabled: boolean;
  readonly release: string;
  readonly fd?: number;
}): AccessLog {
  if (!options.enabled) return { write: () => {}, flush: () => {} };
  const fd = options.fd ?? 1;
  const tail = `,"release":${JSON.stringify(options.release)},"msg":"request"}\n`;
  let buffer = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const bytes = Buffer.from(buffer);
    buffer = "";
    let offset = 0;
    try {
      while (offset < bytes.length) offset += writeSync(fd, bytes, offset);
    } catch {
      if (bytes.length - offset < MOST_KEPT) buffer = bytes.toString("utf8", offset);
    }
  };
  return {
    flush,
    write(line) {
      buffer +=
        `{"level":"info","time":"${new Date().toISOString()}","requestId":${JSON.stringify(line.requestId)},"traceId":"${line.traceId}"` +
        (line.tenantId === undefined
          ? ""
          : `,"tenantId":${JSON.stringify(line.tenantId)},"keyId":${JSON.stringify(line.keyId ?? "")}`) +
        `,"method":${JSON.stringify(line.method)},"route":${JSON.stringify(line.route)},"status":${line.status},"durationMs":${line.durationMs.toFixed(2)}` +
        (line.model === undefined ? "" : `,"model":${JSON.stringify(line.model)}`) +
        (line.code === undefined ? "" : `,"code":${JSON.stringify(line.code)}`) +
        tail;
      if (buffer.length >= FLUSH_BYTES) flush();
      else timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
  };
}
