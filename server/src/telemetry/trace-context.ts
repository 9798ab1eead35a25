import { randomBytes } from "node:crypto";

/** The trace that a request belongs to, after W3C Trace Context level 1 (https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** What to send upstream: our own span as the parent. */
  readonly traceparent: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

// Random hex is drawn in blocks: one system call for many requests.
const BLOCK = 4096;
let pool = "";
let used = 0;
function randomHex(digits: number): string {
  if (used + digits > pool.length) {
    pool = randomBytes(BLOCK).toString("hex");
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}

/** Continues the caller's trace when its `traceparent` is valid, else begins one. */
export function continueTrace(header: string | undefined): TraceContext {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  const [, version, traceId, parentId, flags, rest] = match ?? [];
  const valid =
    traceId !== undefined &&
    traceId !== NO_TRACE &&
    parentId !== NO_SPAN &&
    version !== "ff" &&
    !(version === "00" && rest !== undefined);
  const id = valid ? traceId : randomHex(32);
  return { traceId: id, traceparent: `00-${id}-${randomHex(16)}-${valid ? flags : "01"}` };
}
