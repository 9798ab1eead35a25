import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { API_KEY_PREFIX, API_KEY_RANDOM_BYTES, formatApiKey } from "@slipway/contracts/api-key.ts";

const SHOWN_DIGITS = 5;

/** A new API key; `contracts/src/api-key.ts` says what it looks like. */
export function mintApiKey(): string {
  return formatApiKey(randomBytes(API_KEY_RANDOM_BYTES));
}

/** The first 10 characters: enough to recognise a key by, and nothing to guess it from. */
export function prefixOf(key: string): string {
  return key.startsWith(API_KEY_PREFIX) ? key.slice(0, API_KEY_PREFIX.length + SHOWN_DIGITS) : `${key.slice(0, 2)}…`;
}

/**
 * 32 bytes that stand for the key at rest: SHA-256 of the pepper (32 bytes) and the key. A key of 178 random bits needs no
 * slow hash; the pepper keeps one that a person chose (`API_KEY`) from being guessed out of a copy of the database.
 * Looking a hash up in a table gives no timing away: without the pepper nobody can choose hashes.
 */
export function hashApiKey(pepper: Uint8Array, key: string): Uint8Array {
  return hash("sha256", Buffer.concat([pepper, Buffer.from(key, "utf8")]), "buffer");
}

// One buffer for all: pepper and key lie in it for the time of one hash.
const scratch = Buffer.alloc(4096);

/** The same hash as hex digits. Asked for with every request, so it makes nothing but its answer. */
export function apiKeyDigest(pepper: Uint8Array, key: string): string {
  // A UTF-16 unit has at most three bytes in UTF-8.
  if (pepper.length + key.length * 3 > scratch.length) return Buffer.from(hashApiKey(pepper, key)).toString("hex");
  scratch.set(pepper, 0);
  const end = pepper.length + scratch.write(key, pepper.length, "utf8");
  const digest = hash("sha256", scratch.subarray(0, end), "hex");
  scratch.fill(0, 0, end);
  return digest;
}

/** Compares two hashes in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
