import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { OAuth2Server } from "oauth2-mock-server";
import { Provider } from "oidc-provider";

/** Issuers that no one here wrote, on ports of this machine. */
export interface OutsideIssuer {
  readonly url: string;
  close(): Promise<void>;
}

/** An issuer that lets everybody in without asking. */
export interface MockIssuer extends OutsideIssuer {
  readonly server: OAuth2Server;
  /** A token of its newest key. */
  token(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** Makes a new key and signs with it from now on. */
  rotate(): Promise<void>;
}

/** `oauth2-mock-server`: answers the code flow at once, and signs what it is told to. */
export async function startMockIssuer(): Promise<MockIssuer> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256", { kid: "key-1" });
  await server.start(0, "127.0.0.1");
  server.issuer.url = `http://127.0.0.1:${server.address().port}`;
  let kid = "key-1";
  return {
    server,
    url: server.issuer.url,
    token: (claims) =>
      server.issuer.buildToken({
        kid,
        expiresIn: 600,
        scopesOrTransform: (_header, payload) => Object.assign(payload, claims),
      }),
    async rotate() {
      kid = `key-${Date.now()}`;
      await server.issuer.keys.generate("RS256", { kid });
    },
    close: async () => {
      if (server.listening) await server.stop();
    },
  };
}

/** What a client of the certified issuer is. */
export interface ProviderClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A free port of the moment, for an address that must be known before its server is. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** An issuer whose operator may give the client another secret. */
export interface ProviderIssuer extends OutsideIssuer {
  /** From now on the client proves itself by this one and no other. */
  rotateSecret(clientSecret: string): void;
}

/** `oidc-provider`, a certified OpenID Provider: asks for a login and for consent by pages of its own, and demands PKCE. */
export async function startProvider(client: ProviderClient): Promise<ProviderIssuer> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server)}`;
  const jwk = { ...(await exportJWK(privateKey)), kid: "provider-1", alg: "RS256", use: "sig" };
  let answer = createProvider(url, client, jwk);
  server.on("request", (req, res) => answer(req, res));
  return {
    url,
    rotateSecret(clientSecret) {
      answer = createProvider(url, { ...client, clientSecret }, jwk);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createProvider(url: string, client: ProviderClient, jwk: JWK): RequestListener {
  const provider = new Provider(url, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [client.redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [jwk] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // By default claims of scopes are told by the user info endpoint alone.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ["only for this test"] },
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@corp.example`, email_verified: true, name: id }),
    }),
  });
  return provider.callback();
}
