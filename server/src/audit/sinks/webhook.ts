import { createHash } from "node:crypto";
import { failedAnswer, type PostToSink, shownUrl, type SinkAnswer } from "./http.ts";
import { webhookHeaders } from "./sign-webhook.ts";
import type { AuditSink, Delivery, SinkRecord } from "./sink.ts";

/** What a webhook is told. */
export interface WebhookSettings {
  readonly url: string;
  /** Keys that sign, the newest first; none: messages are not signed. */
  readonly keys: readonly Uint8Array[];
}

// The specification recommends messages under 20 kB; a sink that sends every record of a busy server needs larger ones.
const MOST_RECORDS = 100;
const MOST_BYTES = 256 * 1024;

/** The same records in the same message have the same id, after a crash as well: receivers drop what they have had by it. */
function messageId(records: readonly SinkRecord[]): string {
  const ids = records.map(({ id }) => id).join("\n");
  return `msg_${createHash("sha256").update(ids).digest("base64url").slice(0, 32)}`;
}

function messageBody(records: readonly SinkRecord[]): string {
  const timestamp = JSON.stringify((records.at(-1)?.at ?? new Date(0)).toISOString());
  return `{"type":"audit.records","timestamp":${timestamp},"data":{"records":[${records.map(({ json }) => json).join(",")}]}}`;
}

function judge(answer: SinkAnswer, count: number, now: number): Delivery {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered", count };
  if (status === 410) return { kind: "gone", reason: "the receiver answered 410: it wants no more of them" };
  const reason = `the receiver answered ${status}`;
  // 408, 425 and 429 pass by themselves, as failures of the server do; other 4xx, and redirects, need a person.
  if (status >= 500 || [408, 425, 429].includes(status)) return failedAnswer(answer, reason, now);
  return { kind: "refused", reason };
}

/**
 * Sends records as messages of Standard Webhooks, signed with every key. A message is `{type: "audit.records", timestamp, data:
 * {records}}`; its id is made of its records' ids. Whoever finds a message too large (413) gets smaller ones from then on.
 */
export function createWebhookSink(
  settings: WebhookSettings,
  post: PostToSink,
  now: () => number = Date.now,
): AuditSink {
  let most = MOST_RECORDS;
  return {
    name: "webhook",
    target: shownUrl(settings.url),
    most: { records: MOST_RECORDS, bytes: MOST_BYTES },
    deadlineMs: 60_000,
    async deliver(records, signal) {
      for (;;) {
        const some = records.slice(0, most);
        const message = { id: messageId(some), body: messageBody(some) };
        const answer = await post({
          url: settings.url,
          headers: { "content-type": "application/json", ...webhookHeaders(message, settings.keys, now()) },
          body: Buffer.from(message.body),
          signal,
        });
        if (answer.status !== 413 || some.length === 1) return judge(answer, some.length, now());
        most = Math.ceil(some.length / 2);
      }
    },
    close: () => Promise.resolve(),
  };
}
