import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Codec } from "./codec.ts";
import { CODEC_CHECKS } from "./conformance/codec-checks.ts";
import { HTTP_CHECKS, openBench } from "./conformance/http-checks.ts";
import { type Subject, SUBJECTS } from "./conformance/subjects.ts";

for (const subject of SUBJECTS) {
  describe(`the codec of ${subject.name}`, () => {
    for (const check of CODEC_CHECKS) test(check.name, () => check.run(subject));
  });
}

for (const subject of SUBJECTS) {
  describe(`the provider ${subject.name} over HTTP`, () => {
    for (const check of HTTP_CHECKS) {
      test(check.name, async () => {
        await using bench = await openBench(subject);
        await check.run(bench);
      });
    }
  });
}

/** Codecs with a planted bug: the checks must see each of them. */
describe("negative controls", () => {
  const [openai, , , anthropic, google] = SUBJECTS;
  assert.ok(openai && anthropic && google);

  function plant(subject: Subject, bug: Partial<Codec>): Subject {
    return { ...subject, codec: { ...subject.codec, ...bug } };
  }

  function mustSee(checkName: RegExp, subject: Subject): void {
    const check = CODEC_CHECKS.find(({ name }) => checkName.test(name));
    assert.ok(check, `no check matches ${checkName}`);
    assert.throws(() => check.run(subject), `the check "${check.name}" does not see the bug`);
  }

  test("an encoder that loses a field is seen", () => {
    for (const subject of SUBJECTS) {
      const encode: Codec["encode"] = (request) => {
        const { responseFormat: _, ...rest } = request;
        return subject.codec.encode(rest);
      };
      mustSee(/request with everything/, plant(subject, { encode }));
    }
  });

  test("a decoder that counts cached tokens twice is seen", () => {
    const decodeAnswer: Codec["decodeAnswer"] = (body) =>
      openai.codec.decodeAnswer(body).map((event) => {
        if (event.type !== "finish" || !event.usage) return event;
        return { ...event, usage: { ...event.usage, input: event.usage.input + event.usage.cachedRead } };
      });
    mustSee(/whole answers/, plant(openai, { decodeAnswer }));
  });

  test("a stream decoder that loses a fragment is seen", () => {
    const openStream: Codec["openStream"] = (output) => {
      let lost = false;
      return google.codec.openStream({
        event(event) {
          if (event.type === "text" && !lost) lost = true;
          else output.event(event);
        },
      });
    };
    mustSee(/streamed answers/, plant(google, { openStream }));
  });

  test("a decoder that keeps something from one stream to the next is seen", () => {
    let opened = 0;
    const openStream: Codec["openStream"] = (output) => {
      const id = `stream-${(opened += 1)}`;
      return openai.codec.openStream({
        event: (event) => output.event(event.type === "start" ? { ...event, id } : event),
      });
    };
    mustSee(/split at any byte/, plant(openai, { openStream }));
  });

  test("a decoder that calls a cut answer whole is seen", () => {
    for (const subject of SUBJECTS) {
      const openStream: Codec["openStream"] = (output) => {
        const decoder = subject.codec.openStream(output);
        return {
          event: (data, event) => decoder.event(data, event),
          end: () => output.event({ type: "finish", reason: "stop" }),
        };
      };
      mustSee(/cut anywhere/, plant(subject, { openStream }));
    }
  });

  test("a decoder that passes over what it cannot read is seen", () => {
    const openStream: Codec["openStream"] = (output) => {
      const decoder = anthropic.codec.openStream(output);
      return {
        event(data, event) {
          try {
            return decoder.event(data, event);
          } catch {
            return false;
          }
        },
        end: () => decoder.end(),
      };
    };
    mustSee(/garbage/, plant(anthropic, { openStream }));
    mustSee(/error event/, plant(anthropic, { openStream }));
  });

  test("an error decoder that calls everything a failure, or repeats the key, is seen", () => {
    mustSee(/errors come/, plant(openai, { decodeError: () => new SlipwayError("provider_error", "It failed.") }));
    const decodeError: Codec["decodeError"] = (status, headers, body) => {
      const { code } = openai.codec.decodeError(status, headers, body);
      return new SlipwayError(code, `The provider said ${body}`);
    };
    mustSee(/errors come/, plant(openai, { decodeError }));
  });
});
