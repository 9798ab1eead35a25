import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import { API_KEY_RANDOM_BYTES, formatApiKey, isApiKey } from "./api-key.ts";

test("a key is slip_ and 36 letters and digits, the last six of them its checksum", () => {
  const key = formatApiKey(randomBytes(API_KEY_RANDOM_BYTES));
  assert.match(key, /^slip_[0-9A-Za-z]{36}$/);
  assert.ok(isApiKey(key));
});

test("the checksum is the CRC-32 that zlib computes", () => {
  const key = formatApiKey(randomBytes(API_KEY_RANDOM_BYTES));
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let sum = 0;
  for (const character of key.slice(-6)) sum = sum * 62 + digits.indexOf(character);
  assert.equal(sum, crc32(key.slice(0, 35)));
});

test("the same bytes give the same key, others another one", () => {
  const bytes = randomBytes(API_KEY_RANDOM_BYTES);
  assert.equal(formatApiKey(bytes), formatApiKey(bytes));
  assert.notEqual(formatApiKey(bytes), formatApiKey(randomBytes(API_KEY_RANDOM_BYTES)));
});

test("every character of a key counts: one changed character is no key any more", () => {
  const key = formatApiKey(randomBytes(API_KEY_RANDOM_BYTES));
  for (let index = 0; index < key.length; index += 1) {
    const other = key[index] === "A" ? "B" : "A";
    assert.equal(isApiKey(key.slice(0, index) + other + key.slice(index + 1)), false, `position ${index}`);
  }
});

test("what is shorter, longer or padded is no key", () => {
  const key = formatApiKey(randomBytes(API_KEY_RANDOM_BYTES));
  for (const text of ["", "slip_", key.slice(0, -1), `${key}0`, ` ${key}`, `${key}\n`])
    assert.equal(isApiKey(text), false);
});

test("all 62 characters are about equally likely", () => {
  const counts = new Map<string, number>();
  const keys = 2000;
  for (let round = 0; round < keys; round += 1) {
    for (const character of formatApiKey(randomBytes(API_KEY_RANDOM_BYTES)).slice(5, 35)) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
  }
  assert.equal(counts.size, 62);
  const expected = (keys * 30) / 62;
  // Six standard deviations: one false alarm in some hundred million runs of 62 characters.
  const margin = 6 * Math.sqrt(expected);
  for (const [character, count] of counts) assert.ok(Math.abs(count - expected) < margin, `${character}: ${count}`);
});

test("too few random bytes are refused", () => {
  assert.throws(() => formatApiKey(new Uint8Array(16)), RangeError);
});
