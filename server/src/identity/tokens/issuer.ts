import type { Role } from "@slipway/contracts/permissions.ts";
import type { Algorithm } from "./algorithms.ts";

/** Someone whose tokens are accepted, as the settings declare it. */
export interface TokenIssuer {
  /** Ours, for logs, sign-in and ids of users; unique. */
  readonly name: string;
  /** The exact `iss`. Undefined: the tokens have none (shared secrets only). */
  readonly issuer: string | undefined;
  /** The exact values of `aud`, one of which a token must carry. Empty: the tokens have none (shared secrets only). */
  readonly audiences: readonly string[];
  readonly algorithms: readonly Algorithm[];
  readonly keys:
    | { readonly secret: Uint8Array }
    /** Undefined: found by the issuer's discovery document. */
    | { readonly jwksUrl: string | undefined };
  /** How far its clock may be from ours. */
  readonly clockSkewSeconds: number;
  readonly grants: Grants;
  /** Absent: nobody signs in to the console there. */
  readonly signIn: SignInSettings | undefined;
}

/** What a client proves itself by. It is read anew for each sign-in, because it may be rotated while the server runs. */
export interface ClientSecret {
  readonly value: string;
}

/** A client of the issuer's, by which people sign in. */
export interface SignInSettings {
  /** What the button says after "Sign in with". */
  readonly label: string;
  readonly clientId: string;
  /** Undefined: a public client, held by PKCE alone. */
  readonly clientSecret: ClientSecret | undefined;
  readonly scopes: readonly string[];
}

/** What a verified token is worth here. A token chooses nothing that is not listed. */
export interface Grants {
  readonly tenant: { readonly fixed: string } | { readonly claim: string; readonly allow: readonly string[] };
  readonly role: {
    /** The claim with a role's name or a list of groups. */
    readonly claim: string | undefined;
    /** Which value of the claim is which role; absent: the roles' own names are taken. */
    readonly values: Readonly<Record<string, Role>> | undefined;
    /** For tokens whose claim says nothing of it; absent: they are refused. */
    readonly fallback: Role | undefined;
  };
  /** The scopes that a token's `scope` or `scp` may carry over; what it says besides is dropped. Absent: the role's own. */
  readonly scopes: readonly string[] | undefined;
  readonly require: {
    /** Verified addresses; absent: any, or none. */
    readonly emails: readonly string[] | undefined;
    /** Domains of verified addresses. */
    readonly emailDomains: readonly string[] | undefined;
  };
}
