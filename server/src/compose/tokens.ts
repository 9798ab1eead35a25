import type { Principal } from "#identity/principal.ts";
import type { VerifiedCaller } from "#identity/tokens/grants.ts";
import type { TokenIssuer } from "#identity/tokens/issuer.ts";
import { createIssuerKeys } from "#identity/tokens/issuer-keys.ts";
import type { FetchLike } from "#egress/as-fetch.ts";
import { type FindUser, principalOf } from "#identity/tokens/token-principal.ts";
import { createTokenVerifier, type TrustedIssuer } from "#identity/tokens/verifier.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";

/** What tokens of issuers need of the rooms below. */
export interface TokenRooms {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The way out to an issuer. */
  /** Milliseconds between two attempts to read an issuer's keys. */
  readonly cooldownMs: number;
  readonly fetchFor: (issuer: TokenIssuer) => FetchLike;
  readonly findUser: FindUser;
  /** Grows when `findUser` may answer otherwise. */
  readonly usersVersion: () => number;
}

/** The verifier of issuers' tokens, over keys that it fetches as they are needed. */
export function composeTokens(issuers: readonly TokenIssuer[], rooms: TokenRooms) {
  const { log, metrics, cooldownMs, fetchFor, findUser, usersVersion } = rooms;
  const onFailure = (issuer: string, error: unknown): void => {
    metrics.issuerFailures.inc({ issuer });
    log.warn({ issuer, error: describeError(error) }, "an issuer's keys could not be read; those known stay in use");
  };
  const trusted = issuers.map((issuer): TrustedIssuer => ({
    issuer,
    keys: createIssuerKeys(issuer, { fetch: fetchFor(issuer), bounds: { cooldownMs }, onFailure }),
  }));
  const verifier = createTokenVerifier<Principal>({
    issuers: trusted,
    callerOf: (caller, expiresAt) => principalOf(caller, findUser, { via: "token", expiresAt }),
    usersVersion,
    onVerified: (outcome) => metrics.tokenVerifications.inc({ outcome }),
  });
  const signedIn = (caller: VerifiedCaller): Principal =>
    principalOf(caller, findUser, { via: "token", expiresAt: Number.POSITIVE_INFINITY });
  return { trusted, verifier, signedIn, warm: () => Promise.all(trusted.map(({ keys }) => keys.warm())) };
}
