import type { EgressClient } from "#egress/egress.ts";

/** A request that a sink sends. */
export interface SinkRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** An answer whose body was read up to a bound of the sender's. */
export interface SinkAnswer {
  readonly status: number;
  /** By its name in lower case. */
  header(name: string): string | undefined;
  readonly body: string;
}

/** Posts and reads the answer. Bounded in time and size, follows no redirect; rejects when there is no answer. */
export type PostToSink = (request: SinkRequest) => Promise<SinkAnswer>;

/** Posts through the egress client, which bounds time and size and connects only where the operator's settings lead. */
export function postThrough(client: EgressClient): PostToSink {
  return async ({ url, headers, body, signal }) => {
    const answer = await client.request(url, { method: "POST", headers, body, signal });
    return { status: answer.status, header: (name) => answer.headers[name], body: answer.body.toString() };
  };
}

const MOST_WAIT_MS = 24 * 3_600_000;

/** Milliseconds that `Retry-After` asks for, in seconds or as a date (RFC 9110, section 10.2.3); at most a day. */
function retryAfterMs(answer: SinkAnswer, now: number): number | undefined {
  const text = answer.header("retry-after")?.trim();
  if (!text) return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return wait > 0 ? Math.min(wait, MOST_WAIT_MS) : undefined;
}

/** The failure of an answer that asks to be left alone for a while, or that says nothing better. */
export function failedAnswer(
  answer: SinkAnswer,
  reason: string,
  now: number,
): { readonly kind: "failed"; readonly reason: string; readonly afterMs?: number } {
  const afterMs = retryAfterMs(answer, now);
  return { kind: "failed", reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** A URL as logs may show it: without user, password, query and fragment, which may hold secrets. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
