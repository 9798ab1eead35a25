const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** What every key begins with, so that scanners for leaked secrets know one. */
export const API_KEY_PREFIX = "slip_";
/** 30 characters of 62 hold 178 bits. */
const SECRET_LENGTH = 30;
/** 6 characters of 62 hold the 32 bits of the checksum. */
const CHECKSUM_LENGTH = 6;
const SHAPE = new RegExp(`^${API_KEY_PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/** How many random bytes `formatApiKey` takes: so many more than it keeps that no character is likelier than another. */
export const API_KEY_RANDOM_BYTES = 32;

function base62(value: bigint, length: number): string {
  let rest = value;
  let text = "";
  while (text.length < length) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}

/** CRC-32 as in IEEE 802.3: it catches a key that was cut or mistyped, without asking a database. It protects nothing. */
function crc32(text: string): bigint {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return BigInt((crc ^ 0xffffffff) >>> 0);
}

/**
 * An API key from random bytes: `slip_`, 30 characters that hold 178 random bits, 6 characters of checksum.
 *
 * @param random {@link API_KEY_RANDOM_BYTES} bytes from a cryptographic source; the same bytes give the same key.
 * @throws RangeError when there are fewer bytes.
 */
export function formatApiKey(random: Uint8Array): string {
  if (random.length < API_KEY_RANDOM_BYTES) {
    throw new RangeError(`An API key is made from ${API_KEY_RANDOM_BYTES} random bytes, got ${random.length}.`);
  }
  let value = 0n;
  for (const byte of random) value = (value << 8n) | BigInt(byte);
  const body = API_KEY_PREFIX + base62(value, SECRET_LENGTH);
  return body + base62(crc32(body), CHECKSUM_LENGTH);
}

/** Whether a text has the form of an API key and its checksum holds. Says nothing about whether the key is valid. */
export function isApiKey(text: string): boolean {
  if (!SHAPE.test(text)) return false;
  const end = API_KEY_PREFIX.length + SECRET_LENGTH;
  return text.slice(end) === base62(crc32(text.slice(0, end)), CHECKSUM_LENGTH);
}
