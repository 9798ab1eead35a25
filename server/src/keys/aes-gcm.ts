import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Bytes of a nonce: the one length for which GCM needs no hashing of it (NIST SP 800-38D, 8.2). */
export const NONCE_BYTES = 12;
/** Bytes of an authentication tag: the longest, and the only one that is accepted here. */
export const TAG_BYTES = 16;
/** Bytes of a key. */
export const KEY_BYTES = 32;

/**
 * AES-256-GCM under a fresh random nonce: `nonce ‖ ciphertext ‖ tag`.
 * With random nonces a key may encrypt 2³² messages (NIST SP 800-38D, 8.3); every tenant has a key of its own.
 */
export function encrypt(key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([nonce, encryptUnder(key, nonce, plaintext, aad)]);
}

/** `ciphertext ‖ tag` under a given nonce. For {@link encrypt} and for test vectors: a nonce must never be used twice with a key. */
export function encryptUnder(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, exactly(nonce, NONCE_BYTES), { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext of what {@link encrypt} made, or undefined when a byte, the key or the `aad` differs. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Buffer | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, tagAt));
  try {
    // Nothing of the plaintext leaves this function before the tag has been checked.
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`Expected ${length} bytes, got ${bytes.length}.`);
  return bytes;
}
