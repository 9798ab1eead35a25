import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createIssuerKeys } from "./issuer-keys.ts";
import { readPublicKeys } from "./public-keys.ts";
import type { DocumentBounds } from "./remote-document.ts";
import { declare, makeKey, plainFetch, startTestIssuer } from "./testing.ts";

const header = (kid: string) => ({ alg: "ES256", kid, typ: undefined });

async function stage(t: TestContext, bounds: Partial<DocumentBounds> = {}) {
  const key = await makeKey("k1");
  const issuer = await startTestIssuer([key]);
  t.after(() => issuer.close());
  const clock = { now: Date.now() };
  const failures: string[] = [];
  const declared = declare(issuer.url, { keys: { jwksUrl: `${issuer.url}/jwks` } });
  const make = (more: Partial<DocumentBounds> = {}) =>
    createIssuerKeys(declared, {
      fetch: plainFetch,
      now: () => clock.now,
      bounds: { ...bounds, ...more },
      onFailure: (_, error) => failures.push(String(error)),
    });
  return { issuer, clock, failures, make };
}

test("a new key is found at once, and invented key ids make the issuer be asked once in the cooldown", async (t) => {
  const { issuer, clock, make } = await stage(t, { cooldownMs: 10_000 });
  const keys = make();
  await keys.find(header("k1"));
  clock.now += 10_000;
  issuer.keys = [...issuer.keys, await makeKey("k2")];
  await keys.find(header("k2"));
  assert.equal(issuer.asked(), 2);
  const flood = Array.from({ length: 100 }, (_, n) => keys.find(header(`invented-${n}`)));
  const results = await Promise.allSettled(flood);
  assert.ok(results.every(({ status }) => status === "rejected"));
  assert.equal(issuer.asked(), 2);
  clock.now += 10_000;
  await Promise.allSettled(Array.from({ length: 100 }, (_, n) => keys.find(header(`more-${n}`))));
  assert.equal(issuer.asked(), 3, "all who miss a key share one attempt");
  // Control: without a cooldown each of them costs the issuer a request.
  const eager = make({ cooldownMs: 0 });
  for (let n = 0; n < 5; n += 1) await eager.find(header(`invented-${n}`)).catch(() => {});
  assert.ok(issuer.asked() >= 8, String(issuer.asked()));
});

test("an issuer that is away leaves its last keys in use, for a time", async (t) => {
  const { issuer, clock, failures, make } = await stage(t, { freshMs: 60_000, staleMs: 600_000, cooldownMs: 1000 });
  const keys = make();
  await keys.find(header("k1"));
  issuer.misbehave = (res) => void res.writeHead(503).end();
  clock.now += 300_000;
  await keys.find(header("k1"));
  clock.now += 300_001;
  await assert.rejects(keys.find(header("k1")), { code: "issuer_unavailable", retryAfter: 5 });
  assert.ok(failures.length > 0);
  issuer.misbehave = undefined;
  clock.now += 1000;
  await keys.find(header("k1"));
});

test("an issuer that is slow, or sends more than it may, or no keys, is given up within the bounds", async (t) => {
  const { issuer, failures, make } = await stage(t, { timeoutMs: 150, maxBytes: 64 * 1024 });
  const chunk = `"${"x".repeat(16_384)}",`;
  const ways: Record<string, NonNullable<typeof issuer.misbehave>> = {
    "never answers": () => {},
    "stops in the middle": (res) => void res.write('{"keys": ['),
    "sends without end": (res) => {
      res.write('{"keys": [');
      const timer = setInterval(() => res.write(chunk), 1);
      res.on("close", () => clearInterval(timer));
    },
    "leads elsewhere": (res) => void res.writeHead(302, { location: "http://127.0.0.1:9/" }).end(),
    "sends a page": (res) => void res.end("<html>"),
    "has too many keys": (res) => void res.end(JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) })),
    "has no key of use": (res) => void res.end(JSON.stringify({ keys: [{ kty: "oct", kid: "k1", k: "AAAA" }] })),
    "hangs up": (res) => void res.destroy(),
  };
  for (const [way, misbehave] of Object.entries(ways)) {
    issuer.misbehave = misbehave;
    const before = failures.length;
    await assert.rejects(make().find(header("k1")), { code: "issuer_unavailable" }, way);
    assert.equal(failures.length, before + 1, way);
  }
  // Control: with a bound above it, the same answer is read; and one that behaves is.
  issuer.misbehave = (res) =>
    void res.end(JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk), pad: "x".repeat(100_000) }));
  await assert.rejects(make({ timeoutMs: 20_000 }).find(header("k1")), { code: "issuer_unavailable" });
  await make({ maxBytes: 200_000, timeoutMs: 20_000 }).find(header("k1"));
});

test("a discovery document that names another issuer, or keys without TLS, is none of its own", async () => {
  const asked: string[] = [];
  const serve = (document: object) => (url: string | URL) => {
    asked.push(String(url));
    return Promise.resolve(new Response(JSON.stringify(document)));
  };
  const declared = declare("https://id.example/realm/");
  for (const document of [
    { issuer: "https://id.example/realm", jwks_uri: "https://id.example/jwks" },
    { issuer: "https://id.example/realm/", jwks_uri: "http://id.example/jwks" },
    { issuer: "https://id.example/realm/" },
  ]) {
    const keys = createIssuerKeys(declared, { fetch: serve(document), onFailure: () => {} });
    await assert.rejects(keys.find(header("k1")), { code: "issuer_unavailable" });
  }
  assert.deepEqual(new Set(asked), new Set(["https://id.example/realm/.well-known/openid-configuration"]));
});

test("of a key set only sound public keys for signatures are taken, each for its own algorithms", async () => {
  const { jwk } = await makeKey("ec");
  const { jwk: rsa } = await makeKey("rsa", "RS256");
  const taken = async (...keys: object[]): Promise<number> => (await readPublicKeys({ keys })).size;
  assert.equal(await taken(jwk, rsa), 2);
  const both = await readPublicKeys({ keys: [jwk, rsa] });
  assert.equal(both.find("ec", "RS256"), undefined);
  assert.notEqual(both.find("rsa", "PS384"), undefined, "a key that names no algorithm verifies those of its type");
  assert.equal((await readPublicKeys({ keys: [{ ...rsa, alg: "RS256" }] })).find("rsa", "PS256"), undefined);
  for (const wrong of [
    { ...jwk, use: "enc" },
    { ...jwk, key_ops: ["sign"] },
    { ...jwk, kid: undefined },
    { ...jwk, kid: "" },
    { ...jwk, crv: "P-384" },
    { ...jwk, x: "AAAA" },
    { ...rsa, e: "AQ" },
    { ...rsa, e: "AAEAAg" },
    { ...rsa, n: rsa.n?.slice(0, 171) },
  ]) {
    assert.equal(await taken(wrong), 0, JSON.stringify(wrong));
  }
  assert.equal(await taken(jwk, { ...rsa, kid: "ec" }), 0, "two of one id");
});
