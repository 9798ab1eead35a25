import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AnswerHeadReader, headersOf } from "./answer-head.ts";

const line = fc.constantFrom(
  "Content-Length: 5\r\n",
  "Content-Length: 6\r\n",
  "content-length: five\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip\r\n",
  "Connection: close\r\n",
  "Connection: Keep-Alive\r\n",
  "Keep-Alive: timeout=5\r\n",
  "Keep-Alive: timeout=7\r\n",
  "Content-Type: application/json\r\n",
  "Content-Type: text/event-stream; charset=utf-8\r\n",
  "Content-Encoding: gzip\r\n",
  "Date: 1\r\n",
  "Date: 2\r\n",
  `X-Long: ${"x".repeat(5000)}\r\n`,
  "x : 1\r\n",
  "x: \0\r\n",
);
const status = fc.constantFrom("HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 500\r\n", "HTTP/2 200\r\n");
const many = Array.from({ length: 60 }, (_, at) => `x-${at}: ${at}\r\n`).join("");
const head = fc
  .tuple(status, fc.array(line, { maxLength: 6 }), fc.constantFrom("", "", "", many))
  .map(([first, lines, rest]) => first + lines.join("") + rest);
const heads = fc.array(
  fc.oneof(fc.constant("HTTP/1.1 200 OK\r\nDate: 1\r\nContent-Length: 5\r\nContent-Type: application/json\r\n"), head),
  { minLength: 1, maxLength: 6 },
);

/** What a reader makes of these heads, up to the first that it throws at. */
function inTurn(read: (text: string) => unknown, texts: readonly string[]): unknown[] {
  const found: unknown[] = [];
  try {
    for (const text of texts) found.push(read(text));
  } catch (error) {
    found.push(error instanceof Error ? error.message : error);
  }
  return found;
}

const alone = (text: string): unknown => new AnswerHeadReader().read(text);

function check(reader: () => (text: string) => unknown): void {
  fc.assert(
    fc.property(heads, (texts) => assert.deepEqual(inTurn(reader(), texts), inTurn(alone, texts))),
    { numRuns: 3000 },
  );
}

describe("what the reader of a connection's answers remembers", () => {
  test("never changes what is read", () => {
    check(() => {
      const reader = new AnswerHeadReader();
      return (text) => reader.read(text);
    });
  });

  test("is seen to change it where lines are taken for equal by their names: the control", () => {
    const careless = () => {
      const known = new Map<string, unknown>();
      return (text: string) => {
        const names = Object.keys(headersOf(text)).join();
        const found = known.get(names) ?? alone(text);
        known.set(names, found);
        return found;
      };
    };
    assert.throws(() => check(careless));
  });
});
