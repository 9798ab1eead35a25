import type { TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import { type Received, type Reply, receiver } from "./http-server.ts";

/*
 * No Splunk is to be had for tests. This does what Splunk documents of its HTTP Event Collector, and refuses what that refuses:
 *   endpoints   https://docs.splunk.com/Documentation/Splunk/latest/Data/HECRESTendpoints
 *   event form  https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
 *   codes       https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector
 *   ack         https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck
 */

const TEXTS: Readonly<Record<number, readonly [status: number, text: string]>> = {
  0: [200, "Success"],
  1: [403, "Token disabled"],
  2: [401, "Token is required"],
  3: [401, "Invalid authorization"],
  4: [403, "Invalid token"],
  5: [400, "No data"],
  6: [400, "Invalid data format"],
  7: [400, "Incorrect index"],
  8: [500, "Internal server error"],
  9: [503, "Server is busy"],
  10: [400, "Data channel is missing"],
  11: [400, "Invalid data channel"],
  12: [400, "Event field is required"],
  13: [400, "Event field cannot be blank"],
  14: [400, "ACK is disabled"],
};

const EVENT_KEYS = new Set(["time", "host", "source", "sourcetype", "index", "fields", "event"]);
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function answer(code: number, more: object = {}): Reply {
  const [status, text] = TEXTS[code] ?? [500, "?"];
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ text, code, ...more }) };
}

/** An event as it was indexed. */
export interface IndexedEvent {
  readonly time: number;
  readonly index?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly host?: string;
  readonly event: { readonly id: string };
}

/** A batch that was taken and waits to be indexed. */
interface Batch {
  readonly events: readonly IndexedEvent[];
  indexed: boolean;
}

/** How the collector behaves. All may be changed while it runs. */
export interface CollectorSettings {
  readonly token: string;
  /** The token has indexer acknowledgement. */
  useAck: boolean;
  /** The indexes that the token may write to; undefined: all. */
  indexes?: readonly string[];
  /** Answers with this code instead of taking events; undefined: takes them. */
  refuseWith?: number | undefined;
  /** Bytes that a request may have after decompression. */
  maxBytes?: number;
  /** Takes events and never indexes them. */
  loses?: boolean;
}

/** JSON objects one after the other, as the event endpoint takes them; undefined when they are none. */
function parseEvents(text: string): readonly Record<string, unknown>[] | undefined {
  const events: Record<string, unknown>[] = [];
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === "\\") at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{") depth += 1;
    else if (char === "}" && --depth === 0) {
      try {
        events.push(JSON.parse(text.slice(start, at + 1)) as Record<string, unknown>);
      } catch {
        return undefined;
      }
      start = at + 1;
    }
  }
  return depth === 0 && text.slice(start).trim() === "" ? events : undefined;
}

class Collector {
  readonly #settings: CollectorSettings;
  readonly #channels = new Map<string, Batch[]>();
  /** Everything that was indexed, in order. */
  readonly indexed: IndexedEvent[] = [];
  /** Acknowledgement queries. */
  asked = 0;

  constructor(settings: CollectorSettings) {
    this.#settings = settings;
  }

  handle({ path, headers, body }: Received): Reply {
    const { token } = this.#settings;
    if (headers.authorization === undefined) return answer(2);
    if (!headers.authorization.startsWith("Splunk ")) return answer(3);
    if (headers.authorization !== `Splunk ${token}`) return answer(4);
    const channel = headers["x-splunk-request-channel"];
    if (path === "/services/collector/ack") return this.#acks(channel, body);
    if (path !== "/services/collector/event") return { status: 404, body: "" };
    const text = headers["content-encoding"] === "gzip" ? gunzipSync(body).toString() : body.toString();
    return this.#take(channel, text);
  }

  #take(channel: string | string[] | undefined, text: string): Reply {
    const { useAck, refuseWith, maxBytes, indexes, loses } = this.#settings;
    if (refuseWith !== undefined) return answer(refuseWith);
    if (maxBytes !== undefined && Buffer.byteLength(text) > maxBytes) return { status: 413, body: "" };
    if (useAck && channel === undefined) return answer(10);
    if (channel !== undefined && (typeof channel !== "string" || !GUID.test(channel))) return answer(11);
    if (text.trim() === "") return answer(5);
    const events = parseEvents(text);
    if (!events || events.some((event) => Object.keys(event).some((key) => !EVENT_KEYS.has(key)))) return answer(6);
    if (events.some((event) => event["event"] === undefined)) return answer(12);
    if (events.some((event) => event["event"] === "")) return answer(13);
    if (indexes && events.some(({ index }) => typeof index !== "string" || !indexes.includes(index))) return answer(7);
    const batch: Batch = { events: events as unknown as readonly IndexedEvent[], indexed: false };
    if (!useAck) {
      if (!loses) this.indexed.push(...batch.events);
      return answer(0);
    }
    const batches = this.#channels.get(String(channel)) ?? [];
    this.#channels.set(String(channel), [...batches, batch]);
    return answer(0, { ackId: batches.length });
  }

  /** Indexing takes a while: the first question after a batch was taken hears false. */
  #acks(channel: string | string[] | undefined, body: Buffer): Reply {
    if (!this.#settings.useAck) return answer(14);
    if (channel === undefined) return answer(10);
    const batches = this.#channels.get(String(channel));
    if (!batches) return answer(11);
    this.asked += 1;
    const { acks } = JSON.parse(body.toString()) as { acks: number[] };
    const states = acks.map((id) => {
      const batch = batches[id];
      const was = batch?.indexed === true;
      if (batch && !was && !this.#settings.loses) {
        batch.indexed = true;
        this.indexed.push(...batch.events);
      }
      return [String(id), was] as const;
    });
    return { status: 200, body: JSON.stringify({ acks: Object.fromEntries(states) }) };
  }
}

/** Starts a collector on loopback. `settings` may be changed while it runs. */
export async function eventCollector(
  t: TestContext,
  settings: CollectorSettings,
): Promise<{ readonly url: string; readonly collector: Collector; readonly received: readonly Received[] }> {
  const collector = new Collector(settings);
  const { url, received } = await receiver(t, (request) => collector.handle(request));
  return { url, collector, received };
}
