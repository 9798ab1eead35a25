import type { OutgoingHttpHeaders } from "node:http";

/** An answer as it is kept and given again. */
export interface KeptReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The stable code of the error that it tells. */
  readonly code: string | undefined;
}

/** Headers that belong to one connection, one moment or one browser, and not to the answer. */
const NOT_KEPT = new Set(["connection", "content-length", "date", "keep-alive", "set-cookie", "transfer-encoding"]);

/** The headers that an answer is given again with. */
export function keptHeaders(headers: OutgoingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value === undefined || NOT_KEPT.has(lower)) continue;
    kept[lower] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return kept;
}

/** As bytes to encrypt. */
export function packReply(reply: KeptReply): Buffer {
  return Buffer.from(JSON.stringify(reply), "utf8");
}

/** The answer that {@link packReply} made into bytes. */
export function unpackReply(bytes: Uint8Array): KeptReply {
  return JSON.parse(Buffer.from(bytes).toString("utf8")) as KeptReply;
}
