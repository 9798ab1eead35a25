import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type CryptoKey, type JWK, SignJWT } from "jose";
import type { FetchLike } from "#egress/as-fetch.ts";
import type { TokenIssuer } from "./issuer.ts";

/** The way to issuers on this machine. */
export const plainFetch: FetchLike = (url, init) => fetch(url, init as RequestInit);

/** A key pair of an issuer's. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function makeKey(kid: string, alg = "ES256"): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: "sig" } };
}

/** An issuer on this machine that a test can stop, slow down and let talk nonsense. */
export interface TestIssuer {
  readonly url: string;
  /** The keys that it publishes. */
  keys: readonly SigningKey[];
  /** What it does with a request for its keys; absent: it answers. */
  misbehave: ((res: ServerResponse) => void) | undefined;
  /** Requests for its keys so far. */
  readonly asked: () => number;
  close(): Promise<void>;
}

export async function startTestIssuer(keys: readonly SigningKey[]): Promise<TestIssuer> {
  let asked = 0;
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const answer = (value: unknown): void => {
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify(value));
    };
    if (req.url === "/.well-known/openid-configuration")
      return answer({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` });
    asked += 1;
    if (issuer.misbehave) return issuer.misbehave(res);
    return answer({ keys: issuer.keys.map(({ jwk }) => jwk) });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    misbehave: undefined,
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return issuer;
}

/** A declaration with everything that tests do not care about. */
export function declare(issuer: string | undefined, changes: Partial<TokenIssuer> = {}): TokenIssuer {
  return {
    name: "test",
    issuer,
    audiences: ["slipway"],
    algorithms: ["ES256"],
    keys: { jwksUrl: undefined },
    clockSkewSeconds: 30,
    grants: {
      tenant: { fixed: "default" },
      role: { claim: "role", values: undefined, fallback: "viewer" },
      scopes: undefined,
      require: { emails: undefined, emailDomains: undefined },
    },
    signIn: undefined,
    ...changes,
  };
}

/** A token of this key; `claims` over a right set of them, `header` over the right one. A claim of undefined is left out. */
export function sign(
  key: Pick<SigningKey, "kid" | "alg" | "privateKey">,
  issuer: string,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: issuer, aud: "slipway", sub: "ada", iat: now, exp: now + 600, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}
