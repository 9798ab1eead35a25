import { decrypt, encrypt } from "./aes-gcm.ts";
import { boundTo } from "./bound-to.ts";

/** Seals small JSON values with an expiry, so that only this server reads and makes them. */
export interface Sealer {
  /** Text of base64url characters, fit for a cookie. Throws RangeError when it would be longer than 3,800 characters. */
  seal(value: unknown, expiresAt: Date): string;
  /** The value; undefined when the text was not sealed here for this purpose, was changed, or has expired. */
  open(sealed: string): unknown;
}

// Browsers keep cookies up to 4,096 bytes, name and attributes included (RFC 6265bis, 5.6).
const MOST_CHARACTERS = 3800;
const VERSION = Buffer.from([1]);
const SEALED = /^[A-Za-z0-9_-]+$/;

/**
 * A sealer under a key of 32 bytes (AES-256-GCM). What one purpose sealed, another does not open.
 *
 * @example
 * const sealer = createSealer(master.cookieSealing, "session");
 */
export function createSealer(key: Uint8Array, purpose: string, now: () => number = Date.now): Sealer {
  const aad = boundTo("slipway seal v1", purpose);
  return {
    seal(value, expiresAt) {
      const plaintext = Buffer.from(JSON.stringify({ value, expires: expiresAt.getTime() }), "utf8");
      const sealed = Buffer.concat([VERSION, encrypt(key, plaintext, aad)]).toString("base64url");
      if (sealed.length > MOST_CHARACTERS)
        throw new RangeError(`A sealed value may have ${MOST_CHARACTERS} characters.`);
      return sealed;
    },
    open(sealed) {
      if (sealed.length > MOST_CHARACTERS || !SEALED.test(sealed)) return undefined;
      const bytes = Buffer.from(sealed, "base64url");
      if (bytes[0] !== VERSION[0]) return undefined;
      const plaintext = decrypt(key, bytes.subarray(1), aad);
      if (!plaintext) return undefined;
      const { value, expires } = JSON.parse(plaintext.toString("utf8")) as { value: unknown; expires: number };
      return expires > now() ? value : undefined;
    },
  };
}
