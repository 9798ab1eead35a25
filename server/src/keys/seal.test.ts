import assert from "node:assert/strict";
import { test } from "node:test";
import { createSealer } from "./seal.ts";

const key = Buffer.alloc(32, 3);
const soon = (): Date => new Date(Date.now() + 60_000);

test("a sealed value opens to itself and fits into a cookie", () => {
  const sealer = createSealer(key, "session");
  const value = { tenantId: "t1", keyId: "key_1", list: [1, null, "ü"] };
  const sealed = sealer.seal(value, soon());
  assert.match(sealed, /^[A-Za-z0-9_-]+$/);
  assert.deepEqual(sealer.open(sealed), value);
});

test("nothing opens with another key, for another purpose, changed, cut or made up", () => {
  const sealer = createSealer(key, "session");
  const sealed = sealer.seal("x", soon());
  assert.equal(createSealer(Buffer.alloc(32, 4), "session").open(sealed), undefined);
  assert.equal(createSealer(key, "csrf").open(sealed), undefined);
  for (let at = 0; at < sealed.length - 1; at += 1) {
    const changed = sealed.slice(0, at) + (sealed.charAt(at) === "A" ? "B" : "A") + sealed.slice(at + 1);
    assert.equal(sealer.open(changed), undefined, `character ${at}`);
    assert.equal(sealer.open(sealed.slice(0, at)), undefined, `cut to ${at}`);
  }
  for (const text of ["", "=", "a b", "A".repeat(5000), "AQ"]) assert.equal(sealer.open(text), undefined);
});

test("a value is worth nothing from its expiry on", () => {
  let now = 1000;
  const sealer = createSealer(key, "session", () => now);
  const sealed = sealer.seal("x", new Date(2000));
  now = 1999;
  assert.equal(sealer.open(sealed), "x");
  now = 2000;
  assert.equal(sealer.open(sealed), undefined);
});

test("a value too long for a cookie is refused when it is sealed", () => {
  assert.throws(() => createSealer(key, "session").seal("x".repeat(4000), soon()), RangeError);
});
