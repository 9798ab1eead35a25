import { scrypt } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";

const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;
const BASE64URL = /^[A-Za-z0-9_-]{43}=?$/;

/** Fewest characters of a text that is not a key in itself. */
const LEAST_CHARACTERS = 16;

// Fixed, so that the same text gives the same key on every replica and after every restart. It is public: what protects a
// text against guessing is its length and scrypt's cost (N = 2^15, r = 8, p = 1: 32 MiB and about a tenth of a second).
const SALT = "slipway ENCRYPTION_KEY v1";
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/**
 * 32 bytes from the text of `ENCRYPTION_KEY`: 64 hex digits, or base64 or base64url of 32 bytes (a Fernet key is one) are
 * taken as they are; any other text of at least 16 characters goes through scrypt with the fixed salt
 * `slipway ENCRYPTION_KEY v1`. Throws `key_unusable` for a shorter one.
 */
export async function keyFromText(text: string): Promise<Uint8Array> {
  const trimmed = text.trim();
  if (HEX.test(trimmed)) return Buffer.from(trimmed, "hex");
  if (BASE64.test(trimmed)) return Buffer.from(trimmed, "base64");
  if (BASE64URL.test(trimmed)) return Buffer.from(trimmed, "base64url");
  if (trimmed.length < LEAST_CHARACTERS) {
    throw new SlipwayError("key_unusable", `ENCRYPTION_KEY is shorter than ${LEAST_CHARACTERS} characters.`, {
      hint: "Make one with: openssl rand -base64 32",
    });
  }
  return new Promise((resolve, reject) => {
    scrypt(trimmed.normalize("NFC"), SALT, 32, COST, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
