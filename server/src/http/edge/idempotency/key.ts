import { SlipwayError } from "@slipway/contracts/errors.ts";

const MOST_CHARACTERS = 255;
// What a structured field's string may hold, quotes and backslashes left out (RFC 9651, 3.3.3).
const KEY = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The key of an `Idempotency-Key` header. The draft writes it as a quoted string (draft-ietf-httpapi-idempotency-key-header);
 * clients of today send it bare, and both are the same key. Throws `invalid_request`.
 */
export function readIdempotencyKey(header: string | string[]): string {
  const text = typeof header === "string" ? header.trim() : "";
  const quoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  const key = quoted ? text.slice(1, -1) : text;
  if (key.length <= MOST_CHARACTERS && KEY.test(key)) return key;
  throw new SlipwayError(
    "invalid_request",
    `The header \`Idempotency-Key\` must have 1 to ${MOST_CHARACTERS} printable ASCII characters, and come once.`,
    { param: "Idempotency-Key", hint: "Send a random UUID." },
  );
}
