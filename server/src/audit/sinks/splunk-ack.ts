import type { PostToSink } from "./http.ts";

/** Splunk's advice for clients is to ask every ten seconds for five minutes; the first answers come sooner. */
const WAITS_MS = { first: 500, most: 10_000 };
/** Milliseconds until events that were not acknowledged are sent again. */
export const ACK_DEADLINE_MS = 300_000;

/** What asking for acknowledgements needs. */
export interface AckOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly post: PostToSink;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

function acknowledged(body: string): readonly number[] {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return [];
  }
  if (typeof answer !== "object" || answer === null || !("acks" in answer)) return [];
  const { acks } = answer;
  if (typeof acks !== "object" || acks === null) return [];
  return Object.entries(acks).flatMap(([id, done]) => (done === true ? [Number(id)] : []));
}

/**
 * Waits until Splunk has indexed the events of these ids, and answers which of them it has: all, unless time was up
 * (https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck). An id that was told once is forgotten there.
 */
export async function awaitAcks(ids: readonly number[], options: AckOptions): Promise<ReadonlySet<number>> {
  const { post, sleep, now, signal } = options;
  const known = new Set<number>();
  const until = now() + ACK_DEADLINE_MS;
  for (let wait = WAITS_MS.first; known.size < ids.length; wait = Math.min(wait * 2, WAITS_MS.most)) {
    if (signal.aborted || now() >= until) break;
    await sleep(wait, signal);
    const body = Buffer.from(JSON.stringify({ acks: ids.filter((id) => !known.has(id)) }));
    try {
      const answer = await post({ url: options.url, headers: options.headers, body, signal });
      if (answer.status === 200) for (const id of acknowledged(answer.body)) known.add(id);
    } catch {
      // Splunk may be away for a moment and remember all the same: ask again until time is up.
    }
  }
  return known;
}
