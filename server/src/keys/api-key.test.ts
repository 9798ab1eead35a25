import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { apiKeyDigest, hashApiKey, looksLikeApiKey, mintApiKey, prefixOf, sameHash } from "./api-key.ts";

test("minted keys are well formed and never the same", () => {
  const keys = Array.from({ length: 2000 }, mintApiKey);
  for (const key of keys) {
    assert.match(key, /^slip_[0-9A-Za-z]{36}$/);
    assert.ok(looksLikeApiKey(key));
  }
  assert.equal(new Set(keys).size, keys.length);
});

test("every digit is as likely as every other", () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 4000; n += 1) {
    for (const digit of mintApiKey().slice(5, 35)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  }
  const expected = (4000 * 30) / 62;
  let chiSquare = 0;
  for (const count of counts.values()) chiSquare += (count - expected) ** 2 / expected;
  // 61 degrees of freedom: above 130 once in two million runs. `byte % 62` without a redraw gives several hundred.
  assert.equal(counts.size, 62);
  assert.ok(chiSquare < 130, `chi-square ${chiSquare}`);
});

test("a key with one wrong, missing or swapped character does not look like one", () => {
  const key = mintApiKey();
  for (let at = 0; at < key.length; at += 1) {
    const wrong = key.charAt(at) === "x" ? "y" : "x";
    assert.equal(looksLikeApiKey(key.slice(0, at) + wrong + key.slice(at + 1)), false, `character ${at}`);
    assert.equal(looksLikeApiKey(key.slice(0, at) + key.slice(at + 1)), false, `without character ${at}`);
  }
  for (const text of ["", "slip_", "sk-abc", ` ${key}`, `${key}\n`]) assert.equal(looksLikeApiKey(text), false);
});

test("a hash is SHA-256 of pepper and key, and another pepper gives another", () => {
  const pepper = randomBytes(32);
  const key = mintApiKey();
  const hashed = hashApiKey(pepper, key);
  assert.deepEqual(Buffer.from(hashed), createHash("sha256").update(pepper).update(key, "utf8").digest());
  assert.ok(sameHash(hashed, hashApiKey(pepper, key)));
  for (const text of [key, "", "é€😀", "x".repeat(1000), "€".repeat(2000)]) {
    assert.equal(apiKeyDigest(pepper, text), Buffer.from(hashApiKey(pepper, text)).toString("hex"));
  }
  assert.equal(sameHash(hashed, hashApiKey(randomBytes(32), key)), false);
  assert.equal(sameHash(hashed, hashed.subarray(1)), false);
});

test("a prefix shows ten characters of a key of ours and next to nothing of any other", () => {
  const key = mintApiKey();
  assert.equal(prefixOf(key), key.slice(0, 10));
  assert.equal(prefixOf("my-own-secret"), "my…");
});
