import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { SseParser } from "./sse.ts";

interface Seen {
  readonly event: string;
  readonly data: string;
}

function parse(
  chunks: readonly Buffer[],
  maxEventSize = 1_000_000,
): { events: Seen[]; id: string; retryMs: number | undefined } {
  const events: Seen[] = [];
  const parser = new SseParser({ sseEvent: (data, event) => events.push({ event, data }) }, maxEventSize);
  for (const chunk of chunks) parser.push(chunk);
  return { events, id: parser.lastEventId, retryMs: parser.retryMs };
}

/** What someone else's parser makes of the same bytes, given whole. */
function reference(bytes: Buffer): { events: Seen[]; id: string; retryMs: number | undefined } {
  const events: Seen[] = [];
  let id = "";
  let retryMs: number | undefined;
  const parser = createParser({
    onEvent: ({ event, data }) => events.push({ event: event ?? "message", data }),
    onId: (found) => (id = found),
    onRetry: (found) => (retryMs = found),
  });
  // The decoder would take the byte order mark away itself; the parser under test has to do that.
  parser.feed(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  return { events, id, retryMs };
}

const STREAMS: Readonly<Record<string, string>> = {
  "lines that end with LF": 'event: message_start\ndata: {"a":1}\n\ndata: two\n\n',
  "lines that end with CR LF": 'event: message_start\r\ndata: {"a":1}\r\n\r\ndata: two\r\n\r\n',
  "lines that end with CR": 'event: message_start\rdata: {"a":1}\r\rdata: two\r\r',
  "every ending in one stream": "data: a\r\ndata: b\n\rdata: c\r\r\ndata: d\n\n\r\ndata: e\r\n\n",
  "a byte order mark": "\uFEFFdata: first\n\ndata: \uFEFFsecond\n\n",
  "comments and keep-alives": ": hello\n\n:\n\ndata: x\n: between\ndata: y\n\n:\n",
  "data of several lines": "data: one\ndata:\ndata:  three\n\n",
  "text outside ASCII": "data: grüße 👋🏽 日本語\n\nevent: наша\ndata: ё\n\n",
  "ids and retries":
    "id: 1\nretry: 250\ndata: a\n\nid\ndata: b\n\nid: x\u0000y\ndata: c\n\nid: 7\nretry: soon\ndata: d\n\n",
  "fields without a colon and unknown ones":
    "data\n\ndata:\n\nevent\ndata: x\n\nfoo: bar\ndataset: 1\neventual: 2\ndata: y\n\n",
  "an event without data": "event: ping\n\ndata: x\n\n",
  "an end without the empty line": "data: whole\n\ndata: cut",
  "an end within CR LF": "data: whole\r\n\r",
};

for (const [name, stream] of Object.entries(STREAMS)) {
  test(`${name}: equal to eventsource-parser, cut at every byte and fed byte by byte`, () => {
    const bytes = Buffer.from(stream);
    const expected = reference(bytes);
    assert.deepEqual(parse([bytes]), expected);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      assert.deepEqual(parse([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
    }
    assert.deepEqual(parse(Array.from(bytes, (byte) => Buffer.from([byte]))), expected);
  });
}

/** What `@copilotkit/aimock` 1.43 streamed in the formats of the three vendors: 13 answers in each of 4 formats. */
const RECORDED = JSON.parse(
  readFileSync(new URL("__fixtures__/recorded-streams.json", import.meta.url), "utf8"),
) as Readonly<Record<string, string>>;

const ENDINGS: Readonly<Record<string, (stream: string) => string>> = {
  LF: (stream) => stream,
  "CR LF": (stream) => stream.replaceAll("\n", "\r\n"),
  CR: (stream) => stream.replaceAll("\n", "\r"),
  "LF after a byte order mark": (stream) => `\uFEFF${stream}`,
};

// A comparison of texts is a tenth of what a deep one takes, and there are a quarter of a million.
function told({ events, id, retryMs }: ReturnType<typeof parse>): string {
  return JSON.stringify([events, id, retryMs]);
}

test("there are at least 50 recorded streams, and each of them says something", () => {
  assert.ok(Object.keys(RECORDED).length >= 50);
  for (const [name, stream] of Object.entries(RECORDED))
    assert.ok(reference(Buffer.from(stream)).events.length > 0, name);
});

for (const [ending, convert] of Object.entries(ENDINGS)) {
  test(`recorded streams with ${ending}: equal to eventsource-parser, cut at every byte and fed byte by byte`, () => {
    for (const [name, stream] of Object.entries(RECORDED)) {
      const bytes = Buffer.from(convert(stream.replaceAll("\r\n", "\n")));
      const expected = told(reference(bytes));
      for (let cut = 0; cut < bytes.length; cut += 1)
        assert.equal(told(parse([bytes.subarray(0, cut), bytes.subarray(cut)])), expected, `${name}, cut at ${cut}`);
      assert.equal(told(parse(Array.from(bytes, (byte) => Buffer.from([byte])))), expected, name);
    }
  });
}

test("any stream cut anywhere is equal to eventsource-parser", () => {
  const token = fc.constantFrom(
    "data",
    "event",
    "id",
    "retry",
    ":",
    ": ",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "ü",
    "👋",
    "{",
    "0",
    " ",
    "\uFEFF",
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 60 }), fc.array(fc.nat(200), { maxLength: 8 }), (tokens, cuts) => {
      const bytes = Buffer.from(`${tokens.join("")}\n\n`);
      const sorted = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
      assert.deepEqual(parse(chunks), reference(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("bytes that are no UTF-8 become replacement characters, cut or not", () => {
  const bytes = Buffer.concat([
    Buffer.from("data: "),
    Buffer.from([0xe2, 0x82]),
    Buffer.from("x"),
    Buffer.from([0xff]),
    Buffer.from("\n\n"),
  ]);
  const expected = reference(bytes);
  assert.equal(expected.events[0]?.data, "\uFFFDx\uFFFD");
  for (let cut = 0; cut < bytes.length; cut += 1) {
    assert.deepEqual(parse([bytes.subarray(0, cut), bytes.subarray(cut)]), expected);
  }
});

test("an event larger than the bound breaks the stream, as one line, as many lines, and byte by byte", () => {
  const broken = { code: "provider_answer_unusable" };
  assert.throws(() => parse([Buffer.from(`data: ${"x".repeat(101)}\n\n`)], 100), broken);
  assert.throws(() => parse([Buffer.from("data: 123456789\n".repeat(20))], 100), broken);
  assert.throws(
    () =>
      parse(
        Array.from({ length: 200 }, () => Buffer.from("d")),
        100,
      ),
    broken,
  );
  assert.throws(
    () => parse([Buffer.from(`data: ${"x".repeat(60)}\n`), Buffer.from(`data: ${"y".repeat(60)}`)], 100),
    broken,
  );
});

test("any number of small events passes under the bound, in one chunk too", () => {
  assert.equal(parse([Buffer.from("data: 123456789\n\n".repeat(1000))], 100).events.length, 1000);
  assert.equal(
    parse([Buffer.from(`${":".repeat(90)}\n`.repeat(1000)), Buffer.from("data: x\n\n")], 100).events.length,
    1,
  );
});

test("the comparison sees a parser that decodes chunk by chunk", () => {
  const bytes = Buffer.from(STREAMS["text outside ASCII"] ?? "");
  const expected = reference(bytes);
  const naive = (cut: number): Seen[] =>
    parse([Buffer.from(bytes.toString("utf8", 0, cut)), Buffer.from(bytes.toString("utf8", cut))]).events;
  const wrong = bytes.filter((_, cut) => JSON.stringify(naive(cut)) !== JSON.stringify(expected.events));
  assert.ok(wrong.length > 0);
});
