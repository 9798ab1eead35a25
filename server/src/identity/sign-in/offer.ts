import type { VerifiedCaller } from "../tokens/grants.ts";

/** Where people can sign in. */
export interface SignInOffer {
  readonly name: string;
  readonly label: string;
}

/** A sign-in that has begun. */
export interface BegunSignIn {
  /** Where the browser goes. */
  readonly location: string;
  readonly setCookie: string;
}

/** A sign-in that has succeeded. */
export interface DoneSignIn {
  readonly caller: VerifiedCaller;
  /** Where the person wanted to go: a path of the console. */
  readonly returnPath: string;
}

/** Sign-in by OpenID Connect: the code flow with PKCE, state and nonce (OpenID Connect Core 1.0, 3.1; RFC 9700, 2.1). */
export interface SignIn {
  readonly offers: readonly SignInOffer[];
  /** Throws or rejects with `not_found` for an issuer that nobody can sign in at, `issuer_unavailable`. */
  begin(issuer: string, at: SignInPlace, returnPath: string): Promise<BegunSignIn>;
  /** `url` is what the browser was sent back to. Rejects with {@link SignInFailed}, or `issuer_unavailable`. */
  finish(url: URL, cookieHeader: string | undefined, at: SignInPlace): Promise<DoneSignIn>;
  /** The `Set-Cookie` values that forget a sign-in that was begun. */
  closingCookies(): readonly string[];
}

/** Where this server is, as the browser knows it. */
export interface SignInPlace {
  /** `https://host`, one of those that are allowed. */
  readonly origin: string;
  readonly https: boolean;
}

/** The path of our side to which issuers send browsers back; registered with them. */
export const CALLBACK_PATH = "/api/v1/session/callback";

/** Why nobody was signed in. */
export type SignInProblem = "expired" | "refused" | "not_allowed" | "failed";

/** A sign-in did not succeed; `cause` is for the log. */
export class SignInFailed extends Error {
  readonly problem: SignInProblem;

  constructor(problem: SignInProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "SignInFailed";
    this.problem = problem;
  }
}
