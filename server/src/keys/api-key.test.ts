import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { isApiKey } from "@slipway/contracts/api-key.ts";
import { apiKeyDigest, hashApiKey, mintApiKey, prefixOf, sameHash } from "./api-key.ts";

test("minted keys are well formed and never the same", () => {
  const keys = Array.from({ length: 2000 }, mintApiKey);
  for (const key of keys) assert.ok(isApiKey(key), key);
  assert.equal(new Set(keys).size, keys.length);
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
