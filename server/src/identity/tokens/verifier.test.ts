import assert from "node:assert/strict";
import { createHmac, createSecretKey } from "node:crypto";
import { test, type TestContext } from "node:test";
import { compactVerify, decodeJwt, exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import type { TokenIssuer } from "./issuer.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import { TokenRefused } from "./refused.ts";
import { declare, makeKey, plainFetch, sign, type SigningKey, startTestIssuer } from "./testing.ts";
import { createTokenVerifier, type TrustedIssuer, verifyToken } from "./verifier.ts";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

async function stage(t: TestContext, changes: Partial<TokenIssuer> = {}) {
  const key = await makeKey("k1");
  const issuer = await startTestIssuer([key]);
  t.after(() => issuer.close());
  const trust = (more: Partial<TokenIssuer> = {}): TrustedIssuer => {
    const declared = declare(issuer.url, { ...changes, ...more });
    return { issuer: declared, keys: createIssuerKeys(declared, { fetch: plainFetch, onFailure: () => {} }) };
  };
  return { key, issuer, trust };
}

/** The word for why a token is refused; "accepted" when it is not. */
async function outcome(trusted: TrustedIssuer, token: string, now = Date.now()): Promise<string> {
  try {
    await verifyToken([trusted], token, now);
    return "accepted";
  } catch (error) {
    if (error instanceof TokenRefused) return error.reason;
    throw error;
  }
}

test("a token that its issuer signed is accepted, by each algorithm that is declared", async (t) => {
  for (const alg of ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"] as const) {
    const key = await makeKey(`k-${alg}`, alg);
    const issuer = await startTestIssuer([key]);
    t.after(() => issuer.close());
    const declared = declare(issuer.url, { algorithms: [alg] });
    const keys = createIssuerKeys(declared, { fetch: plainFetch, onFailure: () => {} });
    assert.equal(await outcome({ issuer: declared, keys }, await sign(key, issuer.url)), "accepted", alg);
    const other = { issuer: { ...declared, algorithms: alg === "ES256" ? ["ES384"] : ["ES256"] } as TokenIssuer, keys };
    assert.equal(await outcome(other, await sign(key, issuer.url)), "algorithm", `control: ${alg} is not declared`);
  }
});

test("what is forged, expired or meant for others is refused; each with the change by which it would be accepted", async (t) => {
  const { key, issuer, trust } = await stage(t);
  const now = Math.floor(Date.now() / 1000);
  const stranger = { ...(await makeKey("k1")), kid: "k1" };
  const good = await sign(key, issuer.url);
  const [head = "", body = "", signature = ""] = good.split(".");
  const cases: readonly (readonly [name: string, reason: string, token: string])[] = [
    ["another key of the same id", "signature", await sign(stranger, issuer.url)],
    ["a changed claim", "signature", `${head}.${encode({ ...decodeJwt(good), sub: "eve" })}.${signature}`],
    ["no signature", "malformed", `${head}.${body}.`],
    ["alg none", "malformed", `${encode({ alg: "none", kid: "k1" })}.${body}.`],
    ["alg none with a signature", "algorithm", `${encode({ alg: "none", kid: "k1" })}.${body}.${signature}`],
    ["padding", "malformed", `${good}=`],
    ["a second signature", "malformed", `${good}.${signature}`],
    [
      "crit",
      "critical",
      await sign(key, issuer.url, {}, { crit: ["exp"], exp: 1 }).catch(
        () => `${encode({ alg: "ES256", kid: "k1", crit: ["b64"], b64: true })}.${body}.${signature}`,
      ),
    ],
    ["no kid", "key", await sign(key, issuer.url, {}, { kid: undefined })],
    ["an unknown kid", "key", await sign(key, issuer.url, {}, { kid: "k2" })],
    ["another type", "malformed", await sign(key, issuer.url, {}, { typ: "logout+jwt" })],
    ["another issuer", "issuer", await sign(key, "https://evil.example")],
    ["the issuer with a slash more", "issuer", await sign(key, `${issuer.url}/`)],
    ["no issuer", "issuer", await sign(key, issuer.url, { iss: undefined })],
    ["another audience", "audience", await sign(key, issuer.url, { aud: "others" })],
    ["no audience", "audience", await sign(key, issuer.url, { aud: undefined })],
    ["an audience that begins alike", "audience", await sign(key, issuer.url, { aud: "slipway-2" })],
    ["expired", "expired", await sign(key, issuer.url, { exp: now - 31 })],
    ["no end", "claims", await sign(key, issuer.url, { exp: undefined })],
    ["an end that is no time", "claims", await sign(key, issuer.url, { exp: "never" as unknown as number })],
    ["not yet", "not_yet_valid", await sign(key, issuer.url, { nbf: now + 60 })],
    ["issued in the future", "not_yet_valid", await sign(key, issuer.url, { iat: now + 60 })],
    ["nobody", "claims", await sign(key, issuer.url, { sub: undefined })],
    ["too long", "malformed", await sign(key, issuer.url, { pad: "x".repeat(17_000) })],
  ];
  for (const [name, reason, token] of cases) assert.equal(await outcome(trust(), token), reason, name);
  // Controls: without the one thing that is wrong, or for whoever would not look at it, the same is accepted.
  assert.equal(await outcome(trust(), good), "accepted");
  assert.equal(await outcome(trust(), await sign(key, issuer.url, { exp: now - 20 })), "accepted", "within the skew");
  assert.equal(
    await outcome(trust({ clockSkewSeconds: 120 }), await sign(key, issuer.url, { exp: now - 31 })),
    "accepted",
  );
  assert.equal(
    await outcome(trust({ audiences: ["others"] }), await sign(key, issuer.url, { aud: "others" })),
    "accepted",
  );
  assert.equal(
    await outcome(
      trust({ issuer: "https://evil.example", keys: { jwksUrl: `${issuer.url}/jwks` } }),
      await sign(key, "https://evil.example"),
    ),
    "accepted",
  );
  const anyKey = await importJWK(stranger.jwk, "ES256");
  await compactVerify(await sign(stranger, issuer.url), anyKey);
});

test("a public key is never taken for a shared secret", async (t) => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key: SigningKey = { ...(await makeKey("rsa", "RS256")), privateKey };
  const pem = Buffer.from(await exportSPKI(publicKey));
  const issuer = await startTestIssuer([key]);
  t.after(() => issuer.close());
  const claims = encode({ iss: issuer.url, aud: "slipway", sub: "eve", exp: Math.floor(Date.now() / 1000) + 60 });
  const signed = `${encode({ alg: "HS256", kid: "rsa" })}.${claims}`;
  const forged = `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
  const declared = declare(issuer.url, { algorithms: ["RS256"] });
  const careless = { ...declared, algorithms: ["RS256", "HS256"] as const };
  for (const issuerDeclared of [declared, careless]) {
    const keys = createIssuerKeys(issuerDeclared, { fetch: plainFetch, onFailure: () => {} });
    assert.match(await outcome({ issuer: issuerDeclared, keys }, forged), /^(algorithm|key)$/);
  }
  // Control: a verifier that takes the bytes of whatever key there is accepts it.
  await compactVerify(forged, createSecretKey(pem));
});

test("keys that a token brings along or points to are not looked at", async (t) => {
  const { issuer, trust } = await stage(t);
  const evil = await makeKey("k1");
  const theirs = await startTestIssuer([evil]);
  t.after(() => theirs.close());
  const header = { jwk: evil.jwk, jku: `${theirs.url}/jwks`, x5u: `${theirs.url}/cert`, x5c: ["AA=="] };
  assert.equal(await outcome(trust(), await sign(evil, issuer.url, {}, header)), "signature");
  assert.equal(theirs.asked(), 0);
  // Control: an issuer that is declared is asked.
  await outcome(
    {
      issuer: declare(theirs.url),
      keys: createIssuerKeys(declare(theirs.url), { fetch: plainFetch, onFailure: () => {} }),
    },
    await sign(evil, theirs.url),
  );
  assert.equal(theirs.asked(), 1);
});

test("a shared secret signs by HS256 alone, and its tokens carry the audience and issuer that are declared, or none", async () => {
  const secret = Buffer.from("0123456789abcdef0123456789abcdef");
  const declared = declare(undefined, { audiences: [], algorithms: ["HS256"], keys: { secret } });
  const trusted = { issuer: declared, keys: createIssuerKeys(declared, { fetch: plainFetch, onFailure: () => {} }) };
  const jwt = (claims: object, alg = "HS256", key: Uint8Array = secret): Promise<string> =>
    new SignJWT({ sub: "ada", ...claims }).setProtectedHeader({ alg }).setExpirationTime("5m").sign(key);
  assert.equal(await outcome(trusted, await jwt({})), "accepted");
  assert.equal(await outcome(trusted, await jwt({}, "HS512", Buffer.alloc(64))), "algorithm");
  assert.equal(await outcome(trusted, await jwt({}, "HS256", Buffer.alloc(32))), "signature");
  assert.equal(await outcome(trusted, await jwt({ iss: "x" })), "issuer");
  assert.equal(await outcome(trusted, await jwt({ aud: "x" })), "audience");
});

test("a token chooses its tenant among those that its issuer is allowed, and its role among those that are declared", async (t) => {
  const { key, issuer, trust } = await stage(t);
  const role = { claim: "realm.groups", values: { ops: "admin", dev: "developer" }, fallback: undefined } as const;
  const base = declare(issuer.url).grants;
  const trusted = trust({ grants: { ...base, tenant: { claim: "org", allow: ["north", "south"] }, role } });
  const caller = async (claims: object) =>
    (await verifyToken([trusted], await sign(key, issuer.url, { ...claims }), Date.now())).caller;
  const found = await caller({ org: "north", realm: { groups: ["dev", "ops", "x"] } });
  assert.deepEqual([found.tenantId, found.role], ["north", "admin"]);
  assert.equal(
    (await caller({ org: "south", realm: { groups: ["owner"] } })).role,
    undefined,
    "a group is no role of ours",
  );
  for (const org of ["west", undefined, ["north"], "North", "__proto__"]) {
    await assert.rejects(
      caller({ org }),
      (error) => error instanceof TokenRefused && error.reason === "tenant",
      String(org),
    );
  }
  // Control: where the tenant is fixed the claim means nothing.
  const fixed = await verifyToken([trust()], await sign(key, issuer.url, { org: "west" }), Date.now());
  assert.equal(fixed.caller.tenantId, "default");
});

test("an address counts when its issuer has verified it", async (t) => {
  const { key, issuer, trust } = await stage(t);
  const grants = {
    ...declare(issuer.url).grants,
    require: { emails: ["ada@corp.example"], emailDomains: ["dev.example"] },
  };
  const of = async (claims: object): Promise<string> =>
    outcome(trust({ grants }), await sign(key, issuer.url, { ...claims }));
  assert.equal(await of({ email: "ADA@corp.example", email_verified: true }), "accepted");
  assert.equal(await of({ email: "bob@dev.example", email_verified: true }), "accepted");
  assert.equal(await of({ email: "bob@corp.example", email_verified: true }), "claims");
  assert.equal(await of({ email: "eve@evil.example@dev.example.evil.example", email_verified: true }), "claims");
  for (const email_verified of [false, undefined, "true"]) {
    assert.equal(await of({ email: "ada@corp.example", email_verified }), "claims", String(email_verified));
  }
});

test("verified tokens are found in memory until their end, or until their issuer withdraws a key or users change", async (t) => {
  const { key, issuer, trust } = await stage(t);
  let now = Date.now();
  let usersVersion = 1;
  const declared = trust().issuer;
  const keys = createIssuerKeys(declared, { fetch: plainFetch, onFailure: () => {}, now: () => now });
  const outcomes: string[] = [];
  const verifier = createTokenVerifier({
    issuers: [{ issuer: declared, keys }],
    callerOf: ({ subject }) => subject,
    usersVersion: () => usersVersion,
    onVerified: (told) => outcomes.push(told),
    now: () => now,
  });
  const token = await sign(key, issuer.url, { exp: Math.floor(now / 1000) + 7200 });
  assert.equal(verifier.known(token), undefined);
  const [first, second] = await Promise.all([verifier.verify(token), verifier.verify(token)]);
  assert.equal(first, second);
  assert.deepEqual(outcomes, ["ok"], "two at once are one verification");
  assert.equal(verifier.known(token), first);
  assert.equal(verifier.known(`${token.slice(0, -4)}AAAA`), undefined);
  usersVersion += 1;
  assert.equal(verifier.known(token), undefined, "users have changed");
  await verifier.verify(token);
  now += 5 * 60_000;
  assert.equal(verifier.known(token), undefined, "five minutes are over");
  await verifier.verify(token);
  const brief = await sign(key, issuer.url, { exp: Math.floor(now / 1000) + 60 });
  await verifier.verify(brief);
  now += 61_000;
  assert.equal(verifier.known(brief), undefined, "it has ended");
  // Rotation: the old key is gone from the set, and with it what it signed.
  assert.notEqual(verifier.known(token), undefined);
  const next = await makeKey("k2");
  issuer.keys = [next];
  await verifier.verify(await sign(next, issuer.url));
  assert.equal(verifier.known(token), undefined, "its key is withdrawn");
  await assert.rejects(verifier.verify(token), { code: "unauthenticated" });
});
