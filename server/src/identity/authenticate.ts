import { SlipwayError } from "@slipway/contracts/errors.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
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
const MOST_DIGESTS = 1000;

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
  // The digests of keys that were valid, for those that come again; whether they are valid still is looked up each time.
  const digests = new BoundedMap<string, string>(MOST_DIGESTS);
  return (headers, otherKey) => {
    const key = presentedKey(headers) ?? otherKey;
    if (key !== undefined) {
      if (tokens !== undefined && looksLikeToken(key)) return tokens.callerOf(headers, key);
      const known = digests.get(key);
      const digest = known ?? (key.length > MOST_KEY_CHARACTERS ? "" : options.hashKey(key));
      const principal = options.keys.byHash(digest);
      if (!principal) throw unauthenticated("The API key is not valid: it is unknown, revoked, expired or mistyped.");
      // A copy: the header's value is a part of the whole head, which it would hold on to.
      if (known === undefined) digests.set(Buffer.from(key).toString(), digest);
      return principal;
    }
    const session = options.sessions.read(typeof headers.cookie === "string" ? headers.cookie : undefined);
    if (session) return session.principal;
    throw unauthenticated("The request carries no API key.");
  };
}
