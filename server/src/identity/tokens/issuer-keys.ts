import type { KeyObject } from "node:crypto";
import type { CryptoKey } from "jose";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { SYMMETRIC } from "./algorithms.ts";
import type { TokenIssuer } from "./issuer.ts";
import { type PublicKeys, readPublicKeys } from "./public-keys.ts";
import type { FetchLike } from "#egress/as-fetch.ts";
import { DOCUMENT_BOUNDS, type DocumentBounds, RemoteDocument } from "./remote-document.ts";
import { sharedSecret } from "./shared-secret.ts";
import { TokenRefused } from "./refused.ts";
import type { TokenHeader } from "./signature.ts";

/** The keys of an issuer. */
export interface IssuerKeys {
  /** The key that the token's header means. Rejects with {@link TokenRefused} (`key`), or with `issuer_unavailable`. */
  find(header: TokenHeader): Promise<CryptoKey | KeyObject>;
  /** Grows when a key was withdrawn: what was verified before must be verified again. */
  readonly version: number;
  /** Reads what is needed before anybody waits for it. Never rejects. */
  warm(): Promise<void>;
  /** The issuer's discovery document (OpenID Connect Discovery 1.0, 4); undefined when it cannot be had. */
  metadata(): Promise<IssuerMetadata | undefined>;
}

/** A discovery document whose `issuer` is the one that was asked. */
export type IssuerMetadata = JsonObject & { readonly issuer: string };

/** What remote keys need. */
export interface KeysOptions {
  readonly fetch: FetchLike;
  readonly now?: () => number;
  readonly bounds?: Partial<DocumentBounds>;
  /** Told when something of an issuer's cannot be read. */
  readonly onFailure: (issuer: string, error: unknown) => void;
}

/** The keys of this issuer: its secret, or its public keys by its own address. */
export function createIssuerKeys(issuer: TokenIssuer, options: KeysOptions): IssuerKeys {
  return "secret" in issuer.keys
    ? secretKeys(issuer, issuer.keys.secret)
    : new RemoteKeys(issuer, issuer.keys.jwksUrl, options);
}

function secretKeys(issuer: TokenIssuer, secret: Uint8Array): IssuerKeys {
  const keys = new Map<string, KeyObject>();
  for (const algorithm of SYMMETRIC) {
    const key = issuer.algorithms.includes(algorithm) ? sharedSecret(secret, algorithm) : undefined;
    if (key) keys.set(algorithm, key);
  }
  return {
    version: 0,
    find({ alg }) {
      const key = keys.get(alg);
      if (!key) return Promise.reject(new TokenRefused("key", "There is no key for the token's algorithm."));
      return Promise.resolve(key);
    },
    warm: () => Promise.resolve(),
    metadata: () => Promise.resolve(undefined),
  };
}

/** The address of an issuer's discovery document. */
function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

function readMetadata(issuer: string | undefined, json: unknown): IssuerMetadata {
  // A document that names another issuer is not this issuer's (OpenID Connect Discovery 1.0, 4.3).
  if (!isObject(json) || json["issuer"] !== issuer || issuer === undefined) {
    throw new TypeError(`the discovery document names another issuer than ${issuer ?? "one"}`);
  }
  return { ...json, issuer };
}

class RemoteKeys implements IssuerKeys {
  version = 0;
  readonly #issuer: TokenIssuer;
  readonly #metadata: RemoteDocument<IssuerMetadata>;
  readonly #keys: RemoteDocument<PublicKeys>;
  #mark: string | undefined;

  constructor(issuer: TokenIssuer, jwksUrl: string | undefined, options: KeysOptions) {
    this.#issuer = issuer;
    const common = {
      fetch: options.fetch,
      bounds: { ...DOCUMENT_BOUNDS, ...options.bounds },
      now: options.now ?? Date.now,
      onFailure: (error: unknown) => options.onFailure(issuer.name, error),
    };
    this.#metadata = new RemoteDocument({
      ...common,
      url: () => Promise.resolve(discoveryUrl(issuer.issuer ?? "")),
      read: (json) => readMetadata(issuer.issuer, json),
    });
    this.#keys = new RemoteDocument({
      ...common,
      url: async () => jwksUrl ?? (await this.#discovered()),
      read: (json) => this.#take(json),
    });
  }

  async find({ alg, kid }: TokenHeader): Promise<CryptoKey> {
    // Without its id a key would be found by trying all of them.
    if (kid === undefined) throw new TokenRefused("key", "The token does not name its key (`kid`).");
    let keys = await this.#keys.get();
    if (keys && !keys.has(kid)) {
      // Keys rotate: an unknown one may be new. The cooldown bounds what strangers can cause by inventing ids.
      await this.#keys.refresh();
      keys = this.#keys.current;
    }
    if (!keys) {
      throw new SlipwayError("issuer_unavailable", `The keys of the issuer \`${this.#issuer.name}\` cannot be had.`, {
        hint: "Try again in some seconds, or call with an API key.",
        retryAfter: 5,
      });
    }
    const key = keys.find(kid, alg);
    if (!key) throw new TokenRefused("key", "The token's issuer has no such key for its algorithm.");
    return key;
  }

  async warm(): Promise<void> {
    await this.#keys.get();
  }

  metadata(): Promise<IssuerMetadata | undefined> {
    return this.#metadata.get();
  }

  async #discovered(): Promise<string> {
    const url = (await this.#metadata.get())?.["jwks_uri"];
    if (typeof url !== "string" || !URL.canParse(url)) throw new Error("the discovery document gives no `jwks_uri`");
    // An issuer that is asked over TLS does not send its keys without.
    if (this.#issuer.issuer?.startsWith("https:") && !url.startsWith("https:")) {
      throw new Error("the discovery document gives a `jwks_uri` without TLS");
    }
    return url;
  }

  async #take(json: unknown): Promise<PublicKeys> {
    const keys = await readPublicKeys(json);
    if (keys.size === 0) throw new Error("the key set holds no key that could verify a signature");
    if (this.#mark !== undefined && this.#mark !== keys.mark) this.version += 1;
    this.#mark = keys.mark;
    return keys;
  }
}
