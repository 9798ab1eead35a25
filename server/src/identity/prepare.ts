import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { type CredentialHeaders, looksLikeToken, presentedKey } from "./credentials.ts";
import type { Principal } from "./principal.ts";
import type { Sessions } from "./sessions.ts";
import type { TokenVerifier } from "./tokens/verifier.ts";

/** Gets ready what {@link Authenticate} answers from memory: undefined when there is nothing to wait for. Never rejects. */
export type Prepare = (headers: CredentialHeaders) => Promise<void> | undefined;

/** Tokens of requests, verified before their handlers ask. */
export interface PreparedTokens {
  /** Verifies a token of these headers; undefined when it is known already, or is none. Never rejects. */
  prepare(headers: CredentialHeaders, token: string): Promise<void> | undefined;
  /** The caller of the token that these headers carry. Throws what it was refused with. */
  callerOf(headers: CredentialHeaders, token: string): Principal;
}

/** Nearly every request finds its token in the verifier's memory; of the others the outcome is held with the request's headers. */
export function createPreparedTokens(verifier: TokenVerifier<Principal>): PreparedTokens {
  const outcomes = new WeakMap<object, Principal | SlipwayError>();
  return {
    prepare(headers, token) {
      if (!looksLikeToken(token) || verifier.known(token) !== undefined) return undefined;
      return verifier.verify(token).then(
        (principal) => void outcomes.set(headers, principal),
        (error: unknown) => void outcomes.set(headers, toSlipwayError(error)),
      );
    },
    callerOf(headers, token) {
      const outcome = verifier.known(token) ?? outcomes.get(headers);
      if (outcome === undefined) {
        throw new SlipwayError("unauthenticated", "The token was not verified.", { hint: "Send it in a header." });
      }
      if (outcome instanceof SlipwayError) throw outcome;
      return outcome;
    },
  };
}

/** Waits for a token to be verified, or for a session that was opened elsewhere just now. */
export function createPrepare(tokens: PreparedTokens | undefined, sessions: Pick<Sessions, "prepare">): Prepare {
  return (headers) => {
    // Where no issuer is declared an API key needs nothing to be ready, and is not looked for twice.
    if (tokens === undefined && headers.cookie === undefined) return undefined;
    const key = presentedKey(headers);
    if (key !== undefined) return tokens?.prepare(headers, key);
    return typeof headers.cookie === "string" ? sessions.prepare(headers.cookie) : undefined;
  };
}
