import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

const PREFIX = "slip_";
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** 30 digits of base 62 are 178.6 bits. */
const RANDOM_DIGITS = 30;
/** 62⁶ is above 2³²: six digits hold a CRC-32. */
const CHECK_DIGITS = 6;
const SHOWN_DIGITS = 5;
const SHAPE = /^slip_[0-9A-Za-z]{36}$/;
// The greatest multiple of 62 in a byte; a byte above it is drawn again, or the first digits would come up more often.
const FAIR = 248;

/**
 * A new API key: `slip_`, 30 random digits of base 62 (178 bits), and 6 digits of checksum, by which a mistyped or cut key
 * is told from a revoked one and scanners for leaked secrets recognise it.
 */
export function mintApiKey(): string {
  let random = "";
  while (random.length < RANDOM_DIGITS) {
    for (const byte of randomBytes(RANDOM_DIGITS)) {
      if (byte < FAIR && random.length < RANDOM_DIGITS) random += ALPHABET.charAt(byte % 62);
    }
  }
  return PREFIX + random + checksum(PREFIX + random);
}

/** True for text in the form of a key of ours with the right checksum. It may still be unknown or revoked. */
export function looksLikeApiKey(text: string): boolean {
  if (!SHAPE.test(text)) return false;
  const body = text.slice(0, PREFIX.length + RANDOM_DIGITS);
  return checksum(body) === text.slice(body.length);
}

/** The first 10 characters: enough to recognise a key by, and nothing to guess it from. */
export function prefixOf(key: string): string {
  return key.startsWith(PREFIX) ? key.slice(0, PREFIX.length + SHOWN_DIGITS) : `${key.slice(0, 2)}…`;
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

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = "";
  for (let at = 0; at < CHECK_DIGITS; at += 1) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
