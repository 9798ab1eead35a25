import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type RequestHead, RequestHeadReader } from "./request-head.ts";

const LINE = "POST /v1/chat/completions HTTP/1.1\r\n";
const PLAIN = `${LINE}Host: x\r\nAuthorization: Bearer a\r\nContent-Length: 5\r\n`;

function alone(text: string): RequestHead | undefined {
  return new RequestHeadReader().read(text);
}

/** What a reader makes of these heads, up to the first that it leaves to others: then the connection is no longer its own. */
function inTurn(read: (text: string) => RequestHead | undefined, heads: readonly string[]): unknown[] {
  const found: unknown[] = [];
  for (const head of heads) {
    const got = read(head);
    found.push(got && { ...got, headers: { ...got.headers } });
    if (!got) break;
  }
  return found;
}

describe("the head of a plain request", () => {
  test("is read: names in lower case, values without the space around them", () => {
    const head = alone(`${LINE}HOST:x\r\nX-A: \t b c \r\nX-Empty:\r\nContent-Length: 0012\r\n`);
    assert.deepEqual(head && { ...head, headers: { ...head.headers } }, {
      method: "POST",
      target: "/v1/chat/completions",
      headers: { host: "x", "x-a": "b c", "x-empty": "", "content-length": "0012" },
      contentLength: 12,
    });
  });

  const left: Readonly<Record<string, string>> = {
    "another method": PLAIN.replace("POST", "PUT"),
    "another version": PLAIN.replace("1.1", "1.0"),
    "an absolute target": PLAIN.replace(" /v1", " http://x/v1"),
    "no host": PLAIN.replace("Host: x\r\n", ""),
    "no length": PLAIN.replace("Content-Length: 5\r\n", ""),
    "a length with a sign": PLAIN.replace(" 5", " +5"),
    "a length of letters": PLAIN.replace(" 5", " 5a"),
    "a header twice": `${PLAIN}host: y\r\n`,
    "a header that every object knows": `${PLAIN}constructor: y\r\n`,
    "a prototype": `${PLAIN}__proto__: y\r\n`,
    chunks: `${PLAIN}Transfer-Encoding: chunked\r\n`,
    "an expectation": `${PLAIN}Expect: 100-continue\r\n`,
    "an upgrade": `${PLAIN}Upgrade: h2c\r\n`,
    trailers: `${PLAIN}Trailer: x\r\n`,
    "a connection that closes": `${PLAIN}Connection: close\r\n`,
    "a folded line": `${PLAIN}x: 1\r\n 2\r\n`,
    "a space before the colon": `${PLAIN}x : 1\r\n`,
    "no colon": `${PLAIN}x\r\n`,
    "no name": `${PLAIN}: 1\r\n`,
    "a bare LF": `${PLAIN}x: 1\ny: 2\r\n`,
    "a bare CR": `${PLAIN}x: 1\ry: 2\r\n`,
    "a NUL": `${PLAIN}x: \0\r\n`,
    "no header": LINE,
  };
  for (const [name, text] of Object.entries(left)) {
    test(`is left to a reader that knows all of HTTP: ${name}, first on its connection or after others`, () => {
      assert.equal(alone(text), undefined);
      const reader = new RequestHeadReader();
      assert.ok(reader.read(PLAIN));
      assert.ok(reader.read(PLAIN));
      assert.equal(reader.read(text), undefined);
    });
  }
});

describe("what a connection's reader remembers", () => {
  const value = fc.constantFrom("1", "2", "a b", "x".repeat(40), "é", "y".repeat(5000), "bad\0", "keep-alive");
  const name = fc.constantFrom("X-A", "x-b", "Connection", "Expect", "constructor", "x-long-name-of-a-header");
  const rare = fc.record({
    target: fc.constantFrom("/v1/chat/completions", "/v1/messages", "/v1/chat/completions?a=b"),
    lines: fc.array(fc.tuple(name, value), { maxLength: 4 }),
    length: fc.constantFrom("5", "77", "5 ", "+5"),
    many: fc.constantFrom(0, 0, 0, 40),
  });
  const written = rare.map(({ target, lines, length, many }) => {
    const extra = Array.from({ length: many }, (_, at) => `x-${at}: ${at}\r\n`).join("");
    const other = lines.map(([key, said]) => `${key}: ${said}\r\n`).join("");
    return `POST ${target} HTTP/1.1\r\nHost: x\r\n${other}${extra}Content-Length: ${length}\r\n`;
  });
  const heads = fc.array(fc.oneof(fc.constant(PLAIN), written), { minLength: 1, maxLength: 6 });

  function check(reader: () => (text: string) => RequestHead | undefined): void {
    fc.assert(
      fc.property(heads, (several) => assert.deepEqual(inTurn(reader(), several), inTurn(alone, several))),
      { numRuns: 3000 },
    );
  }

  test("never changes what is read", () => {
    check(() => {
      const reader = new RequestHeadReader();
      return (text) => reader.read(text);
    });
  });

  test("is seen to change it where lines are taken for equal by their names: the control", () => {
    const careless = () => {
      let before: RequestHead | undefined;
      return (text: string) => {
        const now = alone(text);
        const same = before && now && Object.keys(before.headers).join() === Object.keys(now.headers).join();
        return (before = same ? before : now);
      };
    };
    assert.throws(() => check(careless));
  });

  test("is never handed out twice: each request has headers of its own", () => {
    const reader = new RequestHeadReader();
    const [first, second] = [reader.read(PLAIN), reader.read(PLAIN)];
    assert.deepEqual(first, second);
    assert.notEqual(first?.headers, second?.headers);
  });
});

test("a line that changed beside another, and then back, is read as it is each time", () => {
  const reader = new RequestHeadReader();
  const of = (trace: string, length: number): [string | undefined, number | undefined] => {
    const got = reader.read(`${LINE}Host: x\r\nX-Trace: ${trace}\r\nContent-Length: ${length}\r\n`);
    return [got?.headers["x-trace"], got?.contentLength];
  };
  for (const [trace, length] of [
    ["a", 5],
    ["b", 6],
    ["a", 7],
    ["a", 8],
    ["b", 8],
    ["a", 9],
    ["b", 9],
  ] as const)
    assert.deepEqual(of(trace, length), [trace, length]);
});
