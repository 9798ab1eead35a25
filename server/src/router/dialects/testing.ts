import type { FinishReason, ModelEvent } from "@slipway/contracts/model/event.ts";
import type { WireFamily } from "@slipway/contracts/model/request.ts";
import { foldEvents } from "@slipway/contracts/model/fold.ts";
import * as fc from "fast-check";
import type { AnswerFrame, DecodedRequest, Dialect } from "./dialect.ts";

/** The head of a request without headers of its own. */
export const HEAD = { url: "/v1/x", headers: {} } as const;

/** A frame for the answer to this request. */
export function frameFor(decoded: DecodedRequest): AnswerFrame {
  return {
    fallbackId: "id_1",
    requestId: "req_1",
    model: decoded.request.model,
    created: 1_700_000_000,
    decoded,
  };
}

/** The streamed text of an answer made of these events. */
export function written(dialect: Dialect, decoded: DecodedRequest, events: readonly ModelEvent[]): string {
  const writer = dialect.writer(frameFor(decoded));
  let text = "";
  for (const event of events) text += writer.event(event);
  return text + writer.end();
}

/** The whole answer made of these events, as a client would read it. */
export function whole(dialect: Dialect, decoded: DecodedRequest, events: readonly ModelEvent[]): unknown {
  return JSON.parse(JSON.stringify(dialect.encode(foldEvents(events), frameFor(decoded)))) as unknown;
}

const words = fc.constantFrom("Grüße", " aus", ' "Zürich"', " \\n👋🏽", "\n", "x");
const count = fc.nat(5000);
const family = fc.constantFrom<WireFamily>("openai", "anthropic", "google");

const text = words.map((value): ModelEvent[] => [{ type: "text", text: value }]);
const reasoning = fc
  .tuple(fc.array(words, { minLength: 1, maxLength: 3 }), fc.option(family))
  .map(([pieces, signedBy]): ModelEvent[] => [
    ...pieces.map((piece): ModelEvent => ({ type: "reasoning", text: piece })),
    ...(signedBy ? [{ type: "reasoning" as const, text: "", signature: "c2ln", signedBy }] : []),
  ]);
const citation = words.map((word): ModelEvent[] => [
  { type: "text", text: word },
  { type: "citation", citation: { url: "https://example.com/a", title: word, citedText: word } },
]);
const textEnd = fc.constant<ModelEvent[]>([{ type: "text_end" }]);

/** Calls whose fragments come mixed, as providers that write several at once send them, and with text between them, as some servers do. */
const calls = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.infiniteStream(fc.nat(7)), fc.boolean(), fc.option(fc.nat(11)))
  .map(([number, picks, signed, said]) => {
    const queues = Array.from({ length: number }, (_, call): ModelEvent[] => {
      const json = JSON.stringify({ q: `für "${call}"`, deep: { list: [1, 2, { x: call }] } });
      return [
        {
          type: "tool_call_start",
          index: call,
          id: `call_${call}`,
          name: `tool_${call}`,
          ...(signed ? { signature: "c2ln", signedBy: "google" as const } : {}),
        },
        ...[json.slice(0, 4), json.slice(4, 17), json.slice(17)].map((piece): ModelEvent => ({
          type: "tool_call_delta",
          index: call,
          arguments: piece,
        })),
      ];
    });
    const mixed: ModelEvent[] = [];
    // The starts keep their order, for the index counts the calls as they begin.
    for (const pick of picks) {
      const open = queues.filter((queue) => queue.length > 0);
      if (open.length === 0) break;
      const begun = open.filter(
        (queue, at) =>
          queue[0]?.type !== "tool_call_start" || at === open.findIndex((q) => q[0]?.type === "tool_call_start"),
      );
      const event = begun[pick % begun.length]?.shift();
      if (event) mixed.push(event);
    }
    if (said !== null) mixed.splice(said, 0, { type: "text", text: " so" });
    return mixed;
  });

const usage = fc.tuple(count, count, count, count, count).map(([input, cachedRead, cacheWrite, output, thought]) => ({
  input,
  cachedRead,
  cacheWrite,
  output,
  reasoning: thought,
}));

/** Answers as providers make them: pieces of every kind in any order, then at most one run of calls, then an end. */
export const answers: fc.Arbitrary<ModelEvent[]> = fc
  .tuple(
    fc.array(fc.oneof(text, text, reasoning, citation, textEnd), { maxLength: 8 }),
    fc.option(calls),
    usage,
    fc.constantFrom<FinishReason>("stop", "length", "content_filter"),
    fc.boolean(),
  )
  .map(([pieces, tools, used, reason, counted]) => [
    { type: "start", id: "answer_1", model: "the-model", ...(counted ? { usage: used } : {}) },
    ...pieces.flat(),
    ...(tools ?? []),
    { type: "finish", reason: tools ? "tool_calls" : reason, usage: used },
  ]);
