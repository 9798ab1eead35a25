import { SlipwayError } from "@slipway/contracts/errors.ts";
import * as openid from "openid-client";
import type { Sealer } from "#keys/seal.ts";
import { isObject } from "#lib/shape.ts";
import { OwnCookie } from "../session-cookie.ts";
import { audiencesOf } from "../tokens/claims.ts";
import type { TokenIssuer } from "../tokens/issuer.ts";
import type { FetchLike } from "#egress/as-fetch.ts";
import { TokenRefused } from "../tokens/refused.ts";
import { type TrustedIssuer, verifyToken } from "../tokens/verifier.ts";
import { createClient } from "./client.ts";
import {
  type BegunSignIn,
  CALLBACK_PATH,
  type DoneSignIn,
  type SignIn,
  SignInFailed,
  type SignInOffer,
  type SignInPlace,
} from "./offer.ts";

/** What is remembered, sealed, in the browser that began. */
interface Begun {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnPath: string;
  readonly origin: string;
}

const BEGUN_SECONDS = 600;
const DEFAULT_SCOPES = ["openid", "email", "profile"];

function isBegun(value: unknown): value is Begun {
  const names = ["issuer", "state", "nonce", "verifier", "returnPath", "origin"];
  return isObject(value) && names.every((name) => typeof value[name] === "string");
}

class OpenIdSignIn implements SignIn {
  readonly offers: readonly SignInOffer[];
  readonly #options: SignInOptions;
  readonly #cookie: OwnCookie;

  constructor(options: SignInOptions) {
    this.#options = options;
    // Lax: the browser comes back from another site, and must bring it.
    this.#cookie = new OwnCookie("slipway_sign_in", { sameSite: "Lax", plain: options.plainCookies });
    this.offers = options.issuers.flatMap(({ issuer: { name, signIn } }) =>
      signIn ? [{ name, label: signIn.label }] : [],
    );
  }

  async begin(issuer: string, at: SignInPlace, returnPath: string): Promise<BegunSignIn> {
    const { settings, client } = await this.#clientOf(issuer);
    const begun: Begun = {
      issuer,
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
      returnPath,
      origin: at.origin,
    };
    const location = openid.buildAuthorizationUrl(client, {
      redirect_uri: at.origin + CALLBACK_PATH,
      scope: (settings.scopes.length > 0 ? settings.scopes : DEFAULT_SCOPES).join(" "),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: "S256",
    });
    const sealed = this.#options.sealer.seal(begun, new Date(Date.now() + BEGUN_SECONDS * 1000));
    return {
      location: location.href,
      setCookie: this.#cookie.write(sealed, { https: at.https, seconds: BEGUN_SECONDS }),
    };
  }

  async finish(url: URL, cookieHeader: string | undefined, at: SignInPlace): Promise<DoneSignIn> {
    const sealed = cookieHeader === undefined ? undefined : this.#cookie.read(cookieHeader);
    const begun = sealed === undefined ? undefined : this.#options.sealer.open(sealed);
    // Without the cookie this is another browser than the one that began: somebody may have sent it here.
    if (!isBegun(begun) || begun.origin !== at.origin || begun.state !== url.searchParams.get("state")) {
      throw new SignInFailed("expired", "The sign-in was not begun in this browser, or too long ago.");
    }
    const { trusted, settings, client } = await this.#clientOf(begun.issuer);
    const idToken = await this.#exchange(client, new URL(`${at.origin}${CALLBACK_PATH}${url.search}`), begun);
    try {
      const { issuer, keys } = trusted;
      const { caller, claims } = await verifyToken(
        [{ issuer: { ...issuer, audiences: [settings.clientId] }, keys }],
        idToken,
        Date.now(),
      );
      assertAuthorizedParty(claims, settings.clientId);
      return { caller, returnPath: begun.returnPath };
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      throw new SignInFailed(
        error.reason === "claims" || error.reason === "tenant" ? "not_allowed" : "failed",
        error.message,
        error,
      );
    }
  }

  closingCookies(): readonly string[] {
    return this.#cookie.remove();
  }

  /** The id token for the code. Checks state, nonce, and who answers (`iss`, RFC 9207). */
  async #exchange(client: openid.Configuration, url: URL, begun: Begun): Promise<string> {
    try {
      const tokens = await openid.authorizationCodeGrant(client, url, {
        expectedState: begun.state,
        expectedNonce: begun.nonce,
        pkceCodeVerifier: begun.verifier,
        idTokenExpected: true,
      });
      if (tokens.id_token !== undefined) return tokens.id_token;
    } catch (error) {
      const refused = error instanceof openid.AuthorizationResponseError;
      throw new SignInFailed(
        refused ? "refused" : "failed",
        refused ? "The issuer refused the sign-in." : "The issuer's answer cannot be taken.",
        error,
      );
    }
    throw new SignInFailed("failed", "The issuer sent no id token.");
  }

  async #clientOf(name: string) {
    const trusted = this.#options.issuers.find(({ issuer }) => issuer.name === name);
    const settings = trusted?.issuer.signIn;
    if (!trusted || !settings) {
      throw new SlipwayError("not_found", "There is no such issuer to sign in at.", {
        hint: "GET /api/v1/session/issuers lists them.",
      });
    }
    const metadata = await trusted.keys.metadata();
    if (!metadata) {
      throw new SlipwayError("issuer_unavailable", `${settings.label} cannot be reached for signing in.`, {
        hint: "Try again in some seconds, or sign in with an API key.",
        retryAfter: 5,
      });
    }
    return { trusted, settings, client: createClient(metadata, settings, this.#options.fetchFor(trusted.issuer)) };
  }
}

/** A token for several audiences says whose client asked for it (OpenID Connect Core 1.0, 3.1.3.7, 4 and 5). */
function assertAuthorizedParty(claims: Readonly<Record<string, unknown>>, clientId: string): void {
  const party = claims["azp"];
  if (party === undefined ? audiencesOf(claims).length > 1 : party !== clientId) {
    throw new TokenRefused("audience", "The id token was made for another client (`azp`).");
  }
}

/** What sign-in needs. */
export interface SignInOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly fetchFor: (issuer: TokenIssuer) => FetchLike;
  readonly sealer: Sealer;
  readonly plainCookies: boolean;
}

/** Sign-in at the issuers that are declared with a client. */
export function createSignIn(options: SignInOptions): SignIn {
  return new OpenIdSignIn(options);
}
