import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { contentText } from "./redact.ts";

const SECRET = "Zq8vN2xL5tR7wY1kM4pB";

test("a secret is in no content, by whatever name or in whatever form it comes", () => {
  const said = {
    authorization: SECRET,
    Password: SECRET,
    "x-api-key": SECRET,
    openaiApiKey: SECRET,
    client_secret: SECRET,
    nested: [{ access_token: SECRET, token: SECRET, headers: { Cookie: `a=${SECRET}` } }],
    text: `use Bearer ${SECRET} or sk-${SECRET} or eyJhbGciOiJIUzI1NiJ9.${SECRET}.${SECRET}`,
    joined: `see run-eyJhbGciOiJIUzI1NiJ9.${SECRET}.${SECRET} and a.eyJhbGciOiJIUzI1NiJ9.${SECRET}.${SECRET}`,
    pem: `-----BEGIN PRIVATE KEY-----\n${SECRET}`,
  };
  assert.ok(!contentText(said, 10_000).includes(SECRET));
  // The control: what is no secret stays, so it is not the whole that is thrown away.
  const plain = contentText({ model: "m", max_tokens: 5, messages: [{ content: `${SECRET} is a word` }] }, 10_000);
  assert.equal(plain, `{"model":"m","max_tokens":5,"messages":[{"content":"${SECRET} is a word"}]}`);
});

test("contents are bounded, whatever they hold, and stay JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 256, max: 2000 }), (value, most) => {
      const text = contentText(value, most);
      JSON.parse(text);
      assert.ok(Buffer.byteLength(text) <= 7 * most);
    }),
    { numRuns: 100 },
  );
  const cut = contentText({ text: "ü".repeat(5000) }, 1000);
  assert.ok(Buffer.byteLength(cut) <= 1000);
  assert.deepEqual(Object.keys(JSON.parse(cut) as object), ["truncated", "bytes", "beginning"]);
});

test("no text takes long to be read, whatever its sender has made it of", () => {
  for (const piece of [
    "-eyJabcdefgh",
    "-eyJabcdefgh.",
    "eyJabcdefgh.a.",
    "Bearer ",
    "sk-",
    "-----BEGIN PRIVATE KEY-----",
  ]) {
    const text = piece.repeat(5000);
    const began = process.threadCpuUsage();
    contentText({ text }, 1000);
    const { user, system } = process.threadCpuUsage(began);
    const took = (user + system) / 1000;
    // A slow machine takes some milliseconds; what reads it anew from each piece on takes seconds.
    assert.ok(took < 500, `${piece} took ${Math.round(took)} ms of CPU`);
  }
});
