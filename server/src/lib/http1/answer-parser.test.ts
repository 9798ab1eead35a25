import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type AnswerHead, headersOf, HttpSyntaxError } from "./answer-head.ts";
import { AnswerParser } from "./answer-parser.ts";

interface Read {
  readonly heads: AnswerHead[];
  readonly bodies: string[];
  ends: number;
  rest: boolean;
  failed: string | undefined;
}

/** Reads the bytes in pieces of the given sizes, used in turn; one answer after another. */
function read(bytes: Buffer, sizes: readonly number[], options: { readonly bodiless?: boolean } = {}): Read {
  const seen: Read = { heads: [], bodies: [], ends: 0, rest: false, failed: undefined };
  const parser = new AnswerParser({
    answerHead(head) {
      seen.heads.push(head);
      seen.bodies.push("");
    },
    answerData(chunk) {
      seen.bodies[seen.bodies.length - 1] += chunk.toString("latin1");
    },
    answerEnd(rest) {
      seen.ends += 1;
      seen.rest = rest;
    },
  });
  parser.reset(options.bodiless ?? false);
  let at = 0;
  try {
    for (let turn = 0; at < bytes.length; turn += 1) {
      const size = Math.max(1, sizes[turn % sizes.length] ?? bytes.length);
      parser.push(bytes.subarray(at, at + size));
      at += size;
    }
    parser.closed();
  } catch (error) {
    assert.ok(error instanceof HttpSyntaxError, String(error));
    seen.failed = error.message;
  }
  return seen;
}

function whole(text: string, options: { readonly bodiless?: boolean } = {}): Read {
  return read(Buffer.from(text, "latin1"), [text.length], options);
}

const HEAD = "HTTP/1.1 200 OK\r\n";

describe("framing", () => {
  const answers: Readonly<Record<string, readonly [text: string, body: string]>> = {
    "a length": [`${HEAD}Content-Length: 5\r\n\r\nhello`, "hello"],
    "no body": [`${HEAD}content-length: 0\r\n\r\n`, ""],
    chunks: [`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n`, "hello world"],
    "chunks and trailers": [
      `${HEAD}Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nx: 1\r\ny: 2\r\n\r\n`,
      "0123456789",
    ],
    "the end of the connection": [`${HEAD}\r\nhello`, "hello"],
    "an earlier 100": [`HTTP/1.1 100 Continue\r\n\r\n${HEAD}content-length: 2\r\n\r\nok`, "ok"],
    "no reason phrase": ["HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", "ok"],
    "a 204 whatever it says": ["HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", ""],
  };
  for (const [name, [text, body]] of Object.entries(answers)) {
    test(`a body by ${name} is read the same however the bytes are cut`, () => {
      const bytes = Buffer.from(text, "latin1");
      for (let size = 1; size <= bytes.length; size += 1) {
        const seen = read(bytes, [size]);
        assert.deepEqual([seen.failed, seen.bodies, seen.ends], [undefined, [body], 1], `in pieces of ${size}`);
      }
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sizes) => {
          assert.deepEqual(read(bytes, sizes).bodies, [body]);
        }),
      );
    });
  }

  test("bytes after the answer are told, so that the connection is not used again", () => {
    assert.equal(whole(`${HEAD}content-length: 2\r\n\r\nokHTTP/1.1`).rest, true);
    assert.equal(whole(`${HEAD}content-length: 2\r\n\r\nok`).rest, false);
  });

  test("the answer to HEAD has no body", () => {
    assert.equal(whole(`${HEAD}content-length: 20\r\n\r\n`, { bodiless: true }).ends, 1);
  });
});

describe("what a head says", () => {
  const head = (lines: string): AnswerHead | undefined => whole(`${HEAD}${lines}content-length: 0\r\n\r\n`).heads[0];

  test("keep-alive is the rule of 1.1, the exception of 1.0, and over when it says so", () => {
    assert.equal(head("")?.keepAlive, true);
    assert.equal(head("Connection: x, Close\r\n")?.keepAlive, false);
    assert.equal(whole("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").heads[0]?.keepAlive, false);
    const kept = whole("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n");
    assert.equal(kept.heads[0]?.keepAlive, true);
    assert.equal(head("Keep-Alive: timeout=5, max=100\r\n")?.keepAliveSeconds, 5);
  });

  test("a length beside chunks is not believed, nor is the connection kept", () => {
    const seen = whole(`${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
    assert.deepEqual([seen.bodies, seen.heads[0]?.keepAlive], [["hello"], false]);
  });

  test("types are told without their parameters, other headers on demand", () => {
    const seen = head("Content-Type: Text/Event-Stream; charset=utf-8\r\nX-A: 1\r\nx-a: 2\r\n");
    assert.equal(seen?.contentType, "text/event-stream");
    assert.equal(headersOf(seen?.lines ?? "")["x-a"], "1, 2");
  });
});

describe("what is refused", () => {
  const bad: Readonly<Record<string, string>> = {
    "another protocol": "SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/2 in the line": "HTTP/2 200 OK\r\n\r\n",
    "a space before the colon": `${HEAD}content-length : 5\r\n\r\nhello`,
    "a folded line": `${HEAD}x: 1\r\n 2\r\ncontent-length: 0\r\n\r\n`,
    "a line without CR": `${HEAD}x: 1\ncontent-length: 0\r\n\r\n`,
    "a control character": `${HEAD}x: a\0b\r\ncontent-length: 0\r\n\r\n`,
    "lengths that differ": `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
    "a length with a sign": `${HEAD}content-length: +5\r\n\r\nhello`,
    "gzip as a transfer coding": `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    "chunked twice": `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    "a chunk without a size": `${HEAD}transfer-encoding: chunked\r\n\r\n\r\nhello`,
    "a size that is no number": `${HEAD}transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
    "a size beyond reason": `${HEAD}transfer-encoding: chunked\r\n\r\nfffffffffffff\r\n`,
    "a chunk longer than its size": `${HEAD}transfer-encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n`,
    "a change of protocol": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a head without end": `${HEAD}${"x: 1\r\n".repeat(20_000)}`,
  };
  for (const [name, text] of Object.entries(bad)) {
    test(`${name}, however the bytes are cut`, () => {
      const bytes = Buffer.from(text, "latin1");
      for (const size of [bytes.length, 7, 1]) {
        if (bytes.length / size > 20_000) continue;
        const seen = read(bytes, [size]);
        assert.ok(seen.failed !== undefined, `in pieces of ${size}`);
        assert.equal(seen.ends, 0);
      }
    });
  }

  test("random bytes end in an error or in an answer, never in anything else", () => {
    const piece = fc.constantFrom(
      "\r\n",
      "\n",
      ":",
      " ",
      "0",
      "5",
      ";",
      "HTTP/1.1 200 OK\r\n",
      "content-length: 3\r\n",
    );
    const chunked = fc.constantFrom(
      "transfer-encoding: chunked\r\n",
      "\r\n\r\n",
      "abc",
      "\0",
      "ÿ",
      "3\r\nabc\r\n0\r\n\r\n",
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, chunked), { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (pieces, size) => {
          const text = HEAD + pieces.join("");
          const cut = read(Buffer.from(text, "latin1"), [size]);
          const uncut = whole(text);
          // However the bytes are cut, the same comes of them.
          assert.deepEqual([cut.bodies.join("|"), cut.ends], [uncut.bodies.join("|"), uncut.ends]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
