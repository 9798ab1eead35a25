import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type CredentialHeaders, looksLikeToken, presentedKey } from "./credentials.ts";
import type { KeySnapshot } from "./key-snapshot.ts";
import type { PreparedTokens } from "./prepare.ts";
import type { Principal } from "./principal.ts";
import type { Sessions } from "./sessions.ts";

/**
 * Finds the caller, or throws `unauthenticated`. Reads memory only. `otherKey` is a key that the request carries outside its
 * headers; one in a header comes first.
 */
export type Authenticate = (headers: CredentialHeaders, otherKey?: string) => Principal;

// A key longer than this is not one of ours; hashing it would be work for nothing.
const MOST_KEY_CHARACTERS = 512;

function unauthenticated(message: string): SlipwayError {
  return new SlipwayError("unauthenticated", message, {
    hint: "Send an API key as `Authorization: Bearer <key>` or `X-API-KEY: <key>`.",
  });
}

/** Accepts an API key or a token by `Authorization`, `X-API-KEY` or `x-goog-api-key`, and the console's session cookie when no key is sent. */
export function createAuthenticate(options: {
  readonly keys: KeySnapshot;
  readonly sessions: Sessions;
  /** The hash of a key in hex digits. */
  readonly hashKey: (key: string) => string;
  /** Absent: no issuer's tokens are accepted. */
  readonly tokens?: PreparedTokens | undefined;
}): Authenticate {
  const { tokens } = options;
  return (headers, otherKey) => {
    const key = presentedKey(headers) ?? otherKey;
    if (key !== undefined) {
      if (tokens !== undefined && looksLikeToken(key)) return tokens.callerOf(headers, key);
      const principal = key.length > MOST_KEY_CHARACTERS ? undefined : options.keys.byHash(options.hashKey(key));
      if (!principal) throw unauthenticated("The API key is not valid: it is unknown, revoked, expired or mistyped.");
      return principal;
    }
    const session = options.sessions.read(typeof headers.cookie === "string" ? headers.cookie : undefined);
    if (session) return session.principal;
    throw unauthenticated("The request carries no API key.");
  };
}
