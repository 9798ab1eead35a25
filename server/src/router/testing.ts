import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { Provider } from "#providers/provider.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import type { Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import type { Books, CallOrigin } from "./booking.ts";
import type { DrainSettings } from "./disconnect/drains.ts";
import { createPriceTable, NO_CATALOGUE } from "./price/price-table.ts";

/** What a scripted provider does with one call: events, then a failure, silence, or the end. */
export type Turn = readonly (ModelEvent | SlipwayError | "hang")[];

/** An answer of one text. */
export const say = (text: string): Turn => [
  { type: "start", id: `id-${text}`, model: "m" },
  { type: "text", text },
  { type: "finish", reason: "stop", usage: NO_USAGE },
];

/** A failure before the first word. */
export const failWith = (...[code, options]: [ConstructorParameters<typeof SlipwayError>[0], object?]): Turn => [
  new SlipwayError(code, `It was ${code}.`, options),
];

/** A provider that does what it is told, and remembers what it was asked. */
export interface ScriptedProvider extends Provider {
  readonly asked: ModelRequest[];
  aborted: number;
  /** What it does with the next calls; the last one stays. */
  script(...turns: readonly Turn[]): void;
}

/** Makes a provider that answers each call by its script, an event a turn of the loop. */
export function scriptedProvider(name: string): ScriptedProvider {
  let turns: Turn[] = [say(name)];
  const provider: ScriptedProvider = {
    name,
    family: "openai",
    mock: false,
    asked: [],
    aborted: 0,
    script: (...next) => void (turns = [...next]),
    call(request, _context, sink) {
      provider.asked.push(request);
      const turn = turns.length > 1 ? turns.shift() : turns[0];
      let over = false;
      void (async () => {
        for (const step of turn ?? []) {
          await new Promise((resolve) => setImmediate(resolve));
          if (over || step === "hang") return;
          if (step instanceof SlipwayError) return sink.fail(step);
          sink.event(step);
        }
        if (!over) sink.end();
      })();
      return {
        pause: () => {},
        resume: () => {},
        abort: () => {
          over = true;
          provider.aborted += 1;
        },
      };
    },
    listModels: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return provider;
}

/** Books whose ledger is a list; nothing is read on that nobody listens to. */
export function testBooks(): Books & { readonly lines: UsageEntry[]; readonly drains: DrainSettings } {
  const lines: UsageEntry[] = [];
  const ledger = {
    take: (line: UsageEntry) => void lines.push(line),
    nearlyFull: false,
    close: () => Promise.resolve(),
  };
  const prices = createPriceTable({ catalogue: NO_CATALOGUE, overrides: {}, providers: [] });
  return { lines, ledger, metrics: createMetrics(), prices, drains: { timeMs: 0, atOnce: 0 } };
}

/** A log whose lines are a list. */
export function testLog(): Logger & { readonly lines: { level: string; fields: object; message: string }[] } {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), flush: () => {} };
}

/** A streamed request of one user message. */
export function testRequest(model: string, text = "hello"): ModelRequest {
  return { model, messages: [{ role: "user", content: [{ type: "text", text }] }], tools: [], stream: true };
}

export function testOrigin(msLeft = 60_000): CallOrigin {
  const deadline = Date.now() + msLeft;
  return { tenantId: "t", keyId: "k", requestId: "r", traceparent: "", deadline, agent: null };
}

/** How an answer ended, and what was said until then. */
export interface Heard {
  readonly events: readonly ModelEvent[];
  readonly text: string;
  readonly error: SlipwayError | undefined;
}

/** Starts a call and waits for its end. */
export function hear(start: (sink: ModelEventSink) => ModelCall): Promise<Heard> {
  return new Promise((resolve) => {
    const events: ModelEvent[] = [];
    const over = (error: SlipwayError | undefined): void => {
      const text = events.map((event) => (event.type === "text" ? event.text : "")).join("");
      resolve({ events, text, error });
    };
    start({ event: (event) => void events.push(event), end: () => over(undefined), fail: over });
  });
}
