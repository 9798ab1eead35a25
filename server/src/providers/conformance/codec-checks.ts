import assert from "node:assert/strict";
import { foldEvents, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import { SseParser } from "#lib/sse.ts";
import type { Codec } from "../codec.ts";
import { EXPECTED, type Expected, fixture, fullRequest, type Subject } from "./subjects.ts";

/** The events that a codec makes of a streamed body that comes in these pieces. */
export function decodePieces(codec: Codec, pieces: readonly Buffer[]): ModelEvent[] {
  const events: ModelEvent[] = [];
  const decoder = codec.openStream({ event: (event) => events.push(event) });
  let whole = false;
  const parser = new SseParser({ sseEvent: (data, event) => (whole ||= decoder.event(data, event)) }, 1_000_000);
  for (const piece of pieces) parser.push(piece);
  if (!whole) decoder.end();
  return events;
}

/** An answer without what differs between a streamed and a whole one: where its parts are cut. */
export function comparable(answer: ModelAnswer): Omit<ModelAnswer, "content"> {
  const { content: _, ...rest } = answer;
  const toolCalls = rest.toolCalls.map((call) => ({ ...call, arguments: JSON.stringify(JSON.parse(call.arguments)) }));
  return { ...rest, toolCalls };
}

function assertExpected(subject: Subject, answer: ModelAnswer, expected: Expected): void {
  assert.equal(answer.id, subject.id);
  assert.equal(answer.model, subject.model);
  assert.equal(answer.text, expected.text ?? "");
  assert.equal(answer.reasoning, expected.reasoning ?? "");
  assert.equal(answer.refusal, expected.refusal ?? "");
  const calls = answer.toolCalls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) as unknown }));
  assert.deepEqual(calls, expected.calls ?? []);
  assert.equal(new Set(answer.toolCalls.map((call) => call.id)).size, calls.length);
  assert.equal(answer.finishReason, expected.reason);
  assert.deepEqual(answer.usage, subject.usage);
}

/** A check that every codec must pass. Each throws when the codec does not. */
export interface Check {
  readonly name: string;
  run(subject: Subject): void;
}

function forEachCase(run: (subject: Subject, name: string, expected: Expected) => void): (subject: Subject) => void {
  return (subject) => {
    for (const name of subject.cases) {
      const expected = EXPECTED[name];
      assert.ok(expected);
      run(subject, name, expected);
    }
  };
}

/** The checks of the codecs, without any network. */
export const CODEC_CHECKS: readonly Check[] = [
  {
    name: "a request with everything becomes what the vendor documents",
    run(subject) {
      const encoded = subject.codec.encode(fullRequest(subject));
      assert.deepEqual(JSON.parse(encoded.body ?? ""), JSON.parse(fixture(subject, "request.json")));
    },
  },
  {
    name: "whole answers are decoded: text, tools, reasoning, refusals, usage, finish reasons",
    run: forEachCase((subject, name, expected) => {
      assertExpected(subject, foldEvents(subject.codec.decodeAnswer(fixture(subject, `${name}.json`))), expected);
    }),
  },
  {
    name: "streamed answers are decoded to the same",
    run: forEachCase((subject, name, expected) => {
      const answer = foldEvents(decodePieces(subject.codec, [Buffer.from(fixture(subject, `${name}.sse`))]));
      assertExpected(subject, answer, expected);
      const whole = foldEvents(subject.codec.decodeAnswer(fixture(subject, `${name}.json`)));
      assert.deepEqual(comparable(answer), comparable(whole));
    }),
  },
  {
    name: "a stream may be split at any byte",
    run: forEachCase((subject, name) => {
      const bytes = Buffer.from(fixture(subject, `${name}.sse`));
      const expected = decodePieces(subject.codec, [bytes]);
      for (let cut = 1; cut < bytes.length; cut += 1) {
        assert.deepEqual(
          decodePieces(subject.codec, [bytes.subarray(0, cut), bytes.subarray(cut)]),
          expected,
          `cut at byte ${cut}`,
        );
      }
    }),
  },
  {
    name: "a stream that is cut anywhere before its last word is broken, never whole",
    run: forEachCase((subject, name) => {
      const text = fixture(subject, `${name}.sse`);
      const events = text.split(/(?<=\r?\n\r?\n)/);
      // Up to the event that gives the finish reason, nothing is whole.
      const last = events.findIndex((event) =>
        /"(?:finish_reason|stop_reason|finishReason)":\s*"|^event: response.(?:completed|incomplete)/.test(event),
      );
      assert.ok(last > 0);
      for (let kept = 0; kept <= last; kept += 1) {
        const start = Buffer.from(events.slice(0, kept).join(""));
        assert.throws(
          () => decodePieces(subject.codec, [start]),
          { code: "provider_stream_broken" },
          `after ${kept} events`,
        );
      }
    }),
  },
  {
    name: "garbage within a stream breaks it",
    run(subject) {
      for (const garbage of ["data: <html>\n\n", "data: {\n\n", "data: 42\n\n", "data: [1]\n\n"]) {
        const events = fixture(subject, "text.sse").split(/(?<=\r?\n\r?\n)/);
        const bytes = Buffer.from([events[0], garbage, ...events.slice(1)].join(""));
        assert.throws(() => decodePieces(subject.codec, [bytes]), { code: "provider_stream_broken" }, garbage);
      }
    },
  },
  {
    name: "an error event within a stream becomes an error, after what came before it",
    run(subject) {
      const events: ModelEvent[] = [];
      const decoder = subject.codec.openStream({ event: (event) => events.push(event) });
      const parser = new SseParser({ sseEvent: (data, event) => void decoder.event(data, event) }, 1_000_000);
      const body = Buffer.from(fixture(subject, "error-in-stream.sse"));
      assert.throws(() => parser.push(body), { name: "SlipwayError", code: "provider_error" });
      assert.equal(foldEvents(events).text, "Grüße");
      assert.ok(events.every((event) => event.type !== "finish"));
    },
  },
  {
    name: "errors come with the code that says what to do, in the vendor's words, and without the key",
    run(subject) {
      const errors = [
        { file: 400, status: 400, code: "provider_rejected" },
        { file: 401, status: subject.wrongKeyStatus, code: "provider_auth" },
        { file: 404, status: 404, code: "model_not_found" },
        { file: 429, status: 429, code: "provider_rate_limited" },
        { file: 500, status: 500, code: "provider_error" },
      ];
      for (const { file, status, code } of errors) {
        const body = fixture(subject, `error-${file}.json`);
        const error = subject.codec.decodeError(status, {}, body);
        assert.equal(error.code, code, `error-${file}`);
        assert.doesNotMatch(error.message, /secret|sk-|\*\*\*/);
        const echoed = subject.codec.decodeError(
          status,
          {},
          body.replace(/("message":\s*")/, "$1sk-test-0123456789-secret "),
        );
        assert.doesNotMatch(echoed.message, /0123456789/);
      }
    },
  },
];
