import type { JsonObject } from "#lib/shape.ts";
import { TokenRefused } from "./refused.ts";

/** What a token's claims must be. */
export interface ClaimBounds {
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
  readonly clockSkewSeconds: number;
}

// `NumericDate` (RFC 7519, 2), up to the year 9999: what is no such number is no time.
const MOST_SECONDS = 253_402_300_799;

function seconds(claims: JsonObject, name: "exp" | "nbf" | "iat"): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value === "number" && value >= 0 && value <= MOST_SECONDS) return value;
  throw new TokenRefused("claims", `The token's \`${name}\` is no time.`);
}

/** The token's audiences; a list with anything but texts in it is none. */
export function audiencesOf({ aud }: JsonObject): readonly string[] {
  if (typeof aud === "string") return [aud];
  return Array.isArray(aud) && aud.every((member) => typeof member === "string") ? aud : [];
}

/**
 * Holds verified claims to their bounds (RFC 7519, 4.1, RFC 8725, 3.8 to 3.10) and answers when the token ends, in milliseconds
 * since the epoch, without the skew. Throws {@link TokenRefused}.
 */
export function assertClaims(claims: JsonObject, bounds: ClaimBounds, now: number): number {
  if (claims["iss"] !== bounds.issuer) throw new TokenRefused("issuer", "The token's `iss` is not the one expected.");
  const audiences = audiencesOf(claims);
  const meant =
    bounds.audiences.length === 0
      ? claims["aud"] === undefined
      : bounds.audiences.some((audience) => audiences.includes(audience));
  if (!meant)
    throw new TokenRefused("audience", "The token is meant for somebody else: its `aud` is not the one expected.");
  const [exp, nbf, iat] = [seconds(claims, "exp"), seconds(claims, "nbf"), seconds(claims, "iat")];
  const at = now / 1000;
  const skew = bounds.clockSkewSeconds;
  if (exp === undefined) throw new TokenRefused("claims", "The token has no end (`exp`).");
  if (at - skew >= exp) throw new TokenRefused("expired", "The token has expired.");
  if (nbf !== undefined && at + skew < nbf)
    throw new TokenRefused("not_yet_valid", "The token is not valid yet (`nbf`).");
  if (iat !== undefined && at + skew < iat)
    throw new TokenRefused("not_yet_valid", "The token was issued in the future (`iat`).");
  return exp * 1000;
}
