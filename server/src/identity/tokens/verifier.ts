import { hash } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import type { JsonObject } from "#lib/shape.ts";
import { assertClaims, audiencesOf } from "./claims.ts";
import { callerOf, type VerifiedCaller } from "./grants.ts";
import type { TokenIssuer } from "./issuer.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { type RefusalReason, TokenRefused } from "./refused.ts";
import { jsonPart, openToken, verifySignature } from "./signature.ts";

/** An issuer and where its keys come from. */
export interface TrustedIssuer {
  readonly issuer: TokenIssuer;
  readonly keys: IssuerKeys;
}

/** A token that holds, with what its issuer's declaration makes of it. */
export interface VerifiedToken {
  readonly caller: VerifiedCaller;
  readonly claims: JsonObject;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

// Types of tokens that say who calls (RFC 9068, 2.1). A logout token or a security event says something else.
const TYPES = new Set(["jwt", "at+jwt"]);

function assertType(typ: unknown): void {
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  if (type !== undefined && !(typeof type === "string" && TYPES.has(type))) {
    throw new TokenRefused("malformed", "The token is of a type that says nothing of a caller (`typ`).");
  }
}

/** The issuer that declares this `iss` and audience; a claim that is not verified yet chooses by whom it is verified, and nothing else. */
function issuerFor(trusted: readonly TrustedIssuer[], claims: JsonObject): TrustedIssuer {
  const ofName = trusted.filter(({ issuer }) => issuer.issuer === claims["iss"]);
  const said = audiencesOf(claims);
  const meant = ofName.find(({ issuer }) => issuer.audiences.some((audience) => said.includes(audience)));
  const chosen = meant ?? ofName[0];
  if (!chosen) throw new TokenRefused("issuer", "The token's issuer (`iss`) is not among those declared.");
  return chosen;
}

/** Verifies a token from its first byte to what it is worth here. Rejects with {@link TokenRefused}, or with `issuer_unavailable`. */
export async function verifyToken(
  trusted: readonly TrustedIssuer[],
  token: string,
  now: number,
): Promise<VerifiedToken> {
  const { header, payload } = openToken(token);
  assertType(header.typ);
  const { issuer, keys } = issuerFor(trusted, jsonPart(payload));
  if (!issuer.algorithms.some((algorithm) => algorithm === header.alg)) {
    throw new TokenRefused("algorithm", "The token is signed by an algorithm that its issuer is not declared with.");
  }
  const verified = await verifySignature(token, header.alg, await keys.find(header));
  const claims = jsonPart(Buffer.from(verified).toString("base64url"));
  const expiresAt = assertClaims(claims, issuer, now);
  return { caller: callerOf(issuer, claims), claims, expiresAt };
}

/** Callers by their tokens, in memory. */
export interface TokenVerifier<Caller> {
  /** The caller of a token that was verified before and still holds. */
  known(token: string): Caller | undefined;
  /** Verifies. Rejects with what to tell the sender: `unauthenticated`, `issuer_unavailable`, `overloaded`. */
  verify(token: string): Promise<Caller>;
}

interface Known<Caller> {
  readonly caller: Caller;
  readonly until: number;
  readonly keys: IssuerKeys;
  readonly version: number;
  readonly usersVersion: number;
}

/** What a verifier needs. */
export interface VerifierOptions<Caller> {
  readonly issuers: readonly TrustedIssuer[];
  /** May throw {@link TokenRefused}. */
  readonly callerOf: (verified: VerifiedCaller, expiresAt: number) => Caller;
  /** Grows when what `callerOf` knows of users has changed. */
  readonly usersVersion?: () => number;
  readonly onVerified: (outcome: "ok" | RefusalReason | "unavailable") => void;
  readonly now?: () => number;
}

/** Tokens that are remembered at once. */
const MOST_KNOWN = 10_000;
// A key that an issuer has withdrawn, or a changed clock, is noticed within this time at the latest.
const MOST_KNOWN_MS = 5 * 60_000;
/** Verifications at once, most of them waiting for an issuer's keys. */
const MOST_RUNNING = 1000;

class CachingVerifier<Caller> implements TokenVerifier<Caller> {
  readonly #options: VerifierOptions<Caller>;
  readonly #now: () => number;
  readonly #known = new BoundedMap<string, Known<Caller>>(MOST_KNOWN);
  readonly #running = new Map<string, Promise<Caller>>();
  // A request asks twice, by the same text: before its handler, and in it.
  #lastToken = "";
  #lastDigest = "";

  constructor(options: VerifierOptions<Caller>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  known(token: string): Caller | undefined {
    const known = this.#known.get(this.#digest(token));
    if (!known) return undefined;
    if (known.until <= this.#now() || known.version !== known.keys.version) return undefined;
    return known.usersVersion === this.#usersVersion() ? known.caller : undefined;
  }

  verify(token: string): Promise<Caller> {
    const digest = this.#digest(token);
    const running = this.#running.get(digest);
    if (running) return running;
    if (this.#running.size >= MOST_RUNNING) {
      return Promise.reject(
        new SlipwayError("overloaded", "Too many tokens wait to be verified.", {
          hint: "Try again in a second; if it lasts, look whether the issuers of tokens answer.",
          retryAfter: 1,
        }),
      );
    }
    const begun = this.#verify(token, digest).finally(() => this.#running.delete(digest));
    this.#running.set(digest, begun);
    return begun;
  }

  #digest(token: string): string {
    if (token === this.#lastToken) return this.#lastDigest;
    this.#lastToken = token;
    // The tokens themselves are not kept: a dump of the memory holds none that was verified.
    this.#lastDigest = hash("sha256", token, "base64");
    return this.#lastDigest;
  }

  #usersVersion(): number {
    return this.#options.usersVersion?.() ?? 0;
  }

  async #verify(token: string, digest: string): Promise<Caller> {
    const { issuers, onVerified } = this.#options;
    try {
      const now = this.#now();
      const versions = issuers.map(({ keys }) => keys.version);
      const { caller: verified, expiresAt } = await verifyToken(issuers, token, now);
      const usersVersion = this.#usersVersion();
      const caller = this.#options.callerOf(verified, expiresAt);
      const index = issuers.findIndex(({ issuer }) => issuer.name === verified.issuer);
      const keys = issuers[index]?.keys;
      const until = Math.min(expiresAt, now + MOST_KNOWN_MS);
      // A key set that came during this verification counts from the next one on.
      const version = versions[index] ?? -1;
      if (keys) this.#known.set(digest, { caller, until, keys, version, usersVersion });
      onVerified("ok");
      return caller;
    } catch (error) {
      onVerified(error instanceof TokenRefused ? error.reason : "unavailable");
      if (!(error instanceof TokenRefused)) throw error;
      throw new SlipwayError("unauthenticated", error.message, {
        hint: "Ask the issuer for a new token, or send an API key.",
        cause: error,
      });
    }
  }
}

/** A verifier that remembers 10,000 tokens by their hash, each until its end, for five minutes, or until its issuer withdraws a key. */
export function createTokenVerifier<Caller>(options: VerifierOptions<Caller>): TokenVerifier<Caller> {
  return new CachingVerifier(options);
}
