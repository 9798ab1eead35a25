import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ByteLru } from "./byte-lru.ts";

const FOREVER = Number.MAX_SAFE_INTEGER;

test("the least recently used goes first, and reading is a use", () => {
  const lru = new ByteLru<string>(3000);
  for (const key of ["a", "b", "c"]) assert.equal(lru.set(key, key, 700, FOREVER), true);
  assert.equal(lru.get("a", 0), "a");
  lru.set("d", "d", 700, FOREVER);
  assert.equal(lru.get("b", 0), undefined);
  assert.deepEqual(
    ["a", "c", "d"].map((key) => lru.get(key, 0)),
    ["a", "c", "d"],
  );
});

test("a value that has expired is not there, and gives its bytes back", () => {
  const lru = new ByteLru<string>(3000);
  lru.set("a", "a", 700, 100);
  assert.equal(lru.get("a", 99), "a");
  assert.equal(lru.get("a", 100), undefined);
  assert.equal(lru.bytes, 0);
});

test("a value larger than everything may be is refused and pushes nothing out, save its own old value", () => {
  const lru = new ByteLru<string>(3000);
  lru.set("a", "a", 700, FOREVER);
  assert.equal(lru.set("b", "b", 3000, FOREVER), false);
  assert.equal(lru.get("a", 0), "a");
  assert.equal(lru.set("a", "new", 3000, FOREVER), false);
  assert.equal(lru.get("a", 0), undefined);
});

test("whatever is done, the bytes are those of what is held and never above the bound", () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 9 }),
    bytes: fc.integer({ min: 0, max: 3000 }),
    del: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const lru = new ByteLru<number>(5000);
      for (const { key, bytes, del } of steps) {
        if (del) lru.delete(String(key));
        else lru.set(String(key), bytes, bytes, FOREVER);
        assert.ok(lru.bytes <= 5000);
      }
      let held = 0;
      for (let key = 0; key < 10; key += 1) {
        const bytes = lru.get(String(key), 0);
        if (bytes !== undefined) held += bytes + 200;
        lru.delete(String(key));
      }
      assert.ok(held <= 5000);
      assert.equal(lru.bytes, 0);
    }),
  );
});
