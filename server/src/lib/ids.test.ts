import assert from "node:assert/strict";
import { test } from "node:test";
import { IdSource, isId, newId } from "./ids.ts";

test("an id is its prefix and 26 characters of Crockford's alphabet", () => {
  const id = newId("thr");
  assert.match(id, /^thr_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
  assert.ok(isId("thr", id));
});

test("ids of one process are distinct and in the order they were made, many of them within one millisecond", () => {
  const ids = Array.from({ length: 50_000 }, () => newId("msg"));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
});

test("a clock that goes back does not change the order", () => {
  const times = [2_000, 2_000, 1_000, 1_500, 2_001, 5];
  const source = new IdSource(() => times.shift() ?? 9_000);
  const ids = Array.from({ length: 8 }, () => source.next("run"));
  assert.deepEqual([...ids].sort(), ids);
});

test("the first ten characters are the milliseconds, so that ids of different processes are in order of time", () => {
  const at = 1_767_225_600_123;
  const id = new IdSource(() => at).next("thr");
  const digits = "0123456789abcdefghjkmnpqrstvwxyz";
  const time = id
    .slice(4, 14)
    .split("")
    .reduce((sum, character) => sum * 32 + digits.indexOf(character), 0);
  assert.equal(time, at);
  assert.ok(new IdSource(() => at).next("thr") < new IdSource(() => at + 1).next("thr"));
});

test("two processes that start in the same millisecond make different ids", () => {
  const ids = Array.from({ length: 1_000 }, () => new IdSource(() => 7).next("thr"));
  assert.equal(new Set(ids).size, ids.length);
});

test("text that is no id of the kind is told apart", () => {
  const id = newId("thr");
  for (const text of [
    "",
    "thr_",
    id.slice(1),
    `${id}0`,
    id.toUpperCase(),
    id.replace("thr", "msg"),
    `thr_8${id.slice(5)}`,
    `${id.slice(0, -1)}u`,
  ]) {
    assert.equal(isId("thr", text), false, text);
  }
});
