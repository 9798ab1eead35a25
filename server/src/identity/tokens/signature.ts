import type { KeyObject } from "node:crypto";
import { compactVerify, type CryptoKey } from "jose";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { TokenRefused } from "./refused.ts";

/** What a token says about how it is signed. Of its other members none is looked at: not `jku`, `x5u`, `jwk` or `x5c`, which name keys of the sender's choice. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: unknown;
}

// Base64url without padding, and three parts (RFC 7515, 3.1 and 7.1): what another reader could read otherwise is refused.
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)$/;
/** Longer tokens are refused unread. */
const MOST_TOKEN_CHARACTERS = 16 * 1024;

/** The bytes of base64url text; undefined when it is not written as an encoder writes it. */
function strictBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** A part of a token as a JSON object, unverified; throws {@link TokenRefused} (`malformed`). */
export function jsonPart(text: string | undefined): JsonObject {
  const bytes = text === undefined ? undefined : strictBytes(text);
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (bytes && isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new TokenRefused("malformed", "The token is no JSON Web Token: a part of it is no JSON object in base64url.");
}

/** The parts of a compact token, unverified; throws {@link TokenRefused} (`malformed`, `critical`). */
export function openToken(token: string): { readonly header: TokenHeader; readonly payload: string } {
  const [, head, payload = "", signature = ""] =
    (token.length <= MOST_TOKEN_CHARACTERS ? COMPACT.exec(token) : undefined) ?? [];
  if (head === undefined || !strictBytes(payload) || !strictBytes(signature)) {
    throw new TokenRefused("malformed", "The token is no signed JSON Web Token in compact form.");
  }
  const { alg, kid, typ, crit } = jsonPart(head);
  // Nothing that a sender could call critical is understood here; an extension that is not understood must not be skipped (RFC 7515, 4.1.11).
  if (crit !== undefined) throw new TokenRefused("critical", "The token names critical extensions; none is accepted.");
  if (typeof alg !== "string" || (kid !== undefined && typeof kid !== "string")) {
    throw new TokenRefused("malformed", "The token's header names no algorithm, or its key in no text.");
  }
  return { header: { alg, kid, typ }, payload };
}

/** Verifies the signature by a key that belongs to exactly this algorithm; throws {@link TokenRefused} (`signature`). */
export async function verifySignature(
  token: string,
  algorithm: string,
  key: CryptoKey | KeyObject,
): Promise<Uint8Array> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
    return payload;
  } catch (error) {
    throw new TokenRefused("signature", "The token's signature is not valid.", error);
  }
}
