import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { failedAnswer, type PostToSink, shownUrl, type SinkAnswer } from "./http.ts";
import type { AuditSink, Delivery, SinkRecord } from "./sink.ts";
import { ACK_DEADLINE_MS, awaitAcks } from "./splunk-ack.ts";

const compress = promisify(gzip);

/** What the sink for Splunk's HTTP Event Collector is told. */
export interface SplunkSettings {
  /** The collector, with or without the path `/services/collector/event`. */
  readonly url: string;
  readonly token: string;
  /** Absent: the token's own index. */
  readonly index?: string | undefined;
  readonly source: string;
  readonly sourcetype: string;
  /** The machine that events name; absent: Splunk's own default. */
  readonly host?: string | undefined;
}

const MOST_RECORDS = 5_000;
const MOST_BYTES = 8 * 1024 * 1024;
// Splunk Cloud refuses requests over 1 MB (https://docs.splunk.com/Documentation/SplunkCloud/latest/Service/SplunkCloudservice).
const REQUEST_BYTES = 512 * 1024;
const LEAST_REQUEST_BYTES = 4 * 1024;

/** The address of the collector's `event` or `ack` endpoint (https://docs.splunk.com/Documentation/Splunk/latest/Data/HECRESTendpoints). */
function endpoint(url: string, name: "event" | "ack"): string {
  const made = new URL(url);
  const path = made.pathname.replace(/\/+$/, "").replace(/\/services\/collector(\/event(\/1\.0)?)?$/, "");
  made.pathname = `${path}/services/collector/${name}`;
  return made.href;
}

/** An event in the collector's format: metadata beside the record itself. */
function eventOf(record: SinkRecord, metadata: string): string {
  return `{"time":${(record.at.getTime() / 1000).toFixed(3)},${metadata}"event":${record.json}}`;
}

function metadataOf({ index, source, sourcetype, host }: SplunkSettings): string {
  const fields = Object.entries({ host, index, source, sourcetype }).filter(([, value]) => value !== undefined);
  return fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`).join("");
}

/** The collector's own code and text; undefined when the answer is none of a collector's. */
function hecAnswer(
  body: string,
): { readonly code: number; readonly text: string; readonly ackId: number | undefined } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("code" in answer) || typeof answer.code !== "number")
    return undefined;
  const text = "text" in answer && typeof answer.text === "string" ? answer.text.slice(0, 200) : "";
  return {
    code: answer.code,
    text,
    ackId: "ackId" in answer && typeof answer.ackId === "number" ? answer.ackId : undefined,
  };
}

/** Code 8 is an error of Splunk's own, 9 means that it is busy. */
const PASSING_CODES = [8, 9];

/**
 * What an answer that is no success means. Codes: https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector.
 * Token, index, channel and format (1 to 7, 10 to 16) are for a person to mend, the rest passes.
 */
function judgeFailure(answer: SinkAnswer, now: number): Exclude<Delivery, { readonly kind: "delivered" }> {
  const { status } = answer;
  const hec = hecAnswer(answer.body);
  const reason = `Splunk answered ${status}${hec ? ` with code ${hec.code}: ${hec.text}` : ", not as an event collector does"}`;
  const passing = status >= 500 || [408, 429].includes(status) || (hec && PASSING_CODES.includes(hec.code));
  return passing ? failedAnswer(answer, reason, now) : { kind: "refused", reason };
}

interface Sent {
  readonly count: number;
  readonly ackId: number | undefined;
}

/**
 * Sends records to Splunk's HTTP Event Collector in compressed batches. Where the token has indexer acknowledgement, which its
 * answers tell by an `ackId`, records count as delivered when they are indexed; a channel is always named, as such tokens demand.
 */
class SplunkSink implements AuditSink {
  readonly name = "splunk";
  readonly target: string;
  readonly most = { records: MOST_RECORDS, bytes: MOST_BYTES };
  readonly deadlineMs = ACK_DEADLINE_MS + 120_000;
  readonly #post: PostToSink;
  readonly #time: SplunkTime;
  readonly #metadata: string;
  readonly #eventUrl: string;
  readonly #ackUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  #requestBytes = REQUEST_BYTES;

  constructor(settings: SplunkSettings, post: PostToSink, time: SplunkTime) {
    this.#post = post;
    this.#time = time;
    this.#metadata = metadataOf(settings);
    this.#eventUrl = endpoint(settings.url, "event");
    this.#ackUrl = endpoint(settings.url, "ack");
    this.target = shownUrl(this.#eventUrl);
    this.#headers = {
      authorization: `Splunk ${settings.token}`,
      "content-type": "application/json",
      "x-splunk-request-channel": randomUUID(),
    };
  }

  async deliver(records: readonly SinkRecord[], signal: AbortSignal): Promise<Delivery> {
    const sent: Sent[] = [];
    let failure: Exclude<Delivery, { readonly kind: "delivered" }> | undefined;
    for (let done = 0; done < records.length && !failure;) {
      const outcome = await this.#send(records, done, signal).catch((error: unknown) => {
        // What was sent before still counts.
        if (sent.length === 0) throw error;
        return { kind: "failed", reason: String(error) } as const;
      });
      if ("kind" in outcome) failure = outcome;
      else {
        sent.push(outcome);
        done += outcome.count;
      }
    }
    const count = await this.#settled(sent, signal);
    if (count > 0) return { kind: "delivered", count };
    return (
      failure ?? { kind: "failed", reason: "Splunk took the records and did not acknowledge that it indexed them" }
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Sends what fits into a request, from `start` on. */
  async #send(
    records: readonly SinkRecord[],
    start: number,
    signal: AbortSignal,
  ): Promise<Sent | Exclude<Delivery, { readonly kind: "delivered" }>> {
    for (;;) {
      const { text, count } = this.#batch(records, start);
      const answer = await this.#post({
        url: this.#eventUrl,
        headers: { ...this.#headers, "content-encoding": "gzip" },
        body: await compress(text),
        signal,
      });
      const hec = hecAnswer(answer.body);
      if (answer.status === 200 && hec?.code === 0) return { count, ackId: hec.ackId };
      if (answer.status !== 413 || count === 1) return judgeFailure(answer, this.#time.now());
      this.#requestBytes = Math.max(LEAST_REQUEST_BYTES, Math.floor(text.length / 2));
      if (text.length <= LEAST_REQUEST_BYTES) return judgeFailure(answer, this.#time.now());
    }
  }

  #batch(records: readonly SinkRecord[], start: number): { readonly text: string; readonly count: number } {
    let text = "";
    let count = 0;
    for (let at = start; at < records.length; at += 1) {
      const record = records[at];
      if (!record) break;
      const event = eventOf(record, this.#metadata);
      if (count > 0 && text.length + event.length > this.#requestBytes) break;
      text += event;
      count += 1;
    }
    return { text, count };
  }

  /** How many records, from the first on, are there for good. */
  async #settled(sent: readonly Sent[], signal: AbortSignal): Promise<number> {
    const ids = sent.flatMap(({ ackId }) => ackId ?? []);
    const acks =
      ids.length === 0
        ? new Set<number>()
        : await awaitAcks(ids, { url: this.#ackUrl, headers: this.#headers, post: this.#post, signal, ...this.#time });
    let count = 0;
    for (const batch of sent) {
      if (batch.ackId !== undefined && !acks.has(batch.ackId)) break;
      count += batch.count;
    }
    return count;
  }
}

/** The time by which the sink waits. */
export interface SplunkTime {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The sink for Splunk's HTTP Event Collector. */
export function createSplunkSink(settings: SplunkSettings, post: PostToSink, time: SplunkTime): AuditSink {
  return new SplunkSink(settings, post, time);
}
