import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import fc from "fast-check";
import type { Codec } from "./codec.ts";
import { fixture, type Subject, SUBJECTS } from "./conformance/subjects.ts";

/** What the types promise of an event, checked at run time: what an upstream sends is anything. */
function assertEvent(event: ModelEvent): void {
  const text = (value: unknown): void => assert.equal(typeof value, "string");
  switch (event.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return text(event.text);
    case "tool_call_start":
      text(event.id);
      text(event.name);
      return assert.ok(Number.isSafeInteger(event.index) && event.name !== "" && event.id !== "");
    case "tool_call_delta":
      return text(event.arguments);
    case "citation":
      for (const value of [event.citation.url, event.citation.title, event.citation.citedText])
        assert.ok(value === undefined || typeof value === "string");
      return;
    case "text_end":
      return;
    case "native":
      return assert.ok(typeof event.value === "object" && event.value !== null);
    case "start":
      return assert.ok([event.id, event.model].every((value) => value === undefined || typeof value === "string"));
    case "finish":
      for (const count of Object.values(event.usage ?? {})) assert.ok(Number.isSafeInteger(count) && count >= 0);
      return assert.ok(["stop", "length", "tool_calls", "content_filter", "refusal", "pause"].includes(event.reason));
  }
}

/** True events of a vendor, in which random values are put in random places. */
function damaged(subject: Subject): fc.Arbitrary<unknown[]> {
  const names = subject.cases.flatMap((name) => {
    const lines = fixture(subject, `${name}.sse`).split(/\r?\n/);
    return lines.flatMap((line) => (line.startsWith("data: {") ? [JSON.parse(line.slice(6)) as unknown] : []));
  });
  const event = fc.tuple(
    fc.constantFrom(...names),
    fc.array(fc.nat(40), { maxLength: 3 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const make = ([value, path, junk]: [unknown, number[], unknown]): unknown =>
    replace(structuredClone(value), path, junk);
  return fc.array(event.map(make), { maxLength: 8 });
}

function replace(value: unknown, path: readonly number[], junk: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return junk;
  if (typeof value !== "object" || value === null) return junk;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return junk;
  const holder = value as Record<string, unknown>;
  holder[key] = replace(holder[key], rest, junk);
  return holder;
}

function run(codec: Codec, events: readonly unknown[]): void {
  const decoder = codec.openStream({ event: assertEvent });
  try {
    for (const event of events) if (decoder.event(JSON.stringify(event), "message")) return;
    decoder.end();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
}

for (const subject of SUBJECTS) {
  test(`${subject.name}: whatever an upstream streams, there come true events or one of our errors`, () => {
    fc.assert(
      fc.property(damaged(subject), (events) => run(subject.codec, events)),
      { numRuns: 3_000 },
    );
  });

  test(`${subject.name}: whatever an upstream answers, there come true events or one of our errors`, () => {
    const body = fc.oneof(
      damaged(subject).map((events) => JSON.stringify(events[0] ?? {})),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(body, fc.integer({ min: 300, max: 599 }), (text, status) => {
        assert.ok(subject.codec.decodeError(status, {}, text) instanceof SlipwayError);
        for (const decode of [
          () => subject.codec.decodeAnswer(text).forEach(assertEvent),
          () => subject.codec.decodeListModels(text),
        ]) {
          try {
            decode();
          } catch (error) {
            if (!(error instanceof SlipwayError)) throw error;
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
}

test("negative control: a decoder that trusts what it gets is seen", () => {
  const [openai] = SUBJECTS;
  assert.ok(openai);
  const trusting: Codec = {
    ...openai.codec,
    openStream: (output) => ({
      event(data) {
        const chunk = JSON.parse(data) as { choices: { delta: { content: string } }[] };
        output.event({ type: "text", text: chunk.choices[0]?.delta.content ?? "" });
        return false;
      },
      end: () => {},
    }),
  };
  assert.throws(() => fc.assert(fc.property(damaged(openai), (events) => run(trusting, events))));
});
