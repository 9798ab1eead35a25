import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./config.ts";
import { issuersOf } from "./issuers.ts";
import { SettingsError } from "./reader.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";

const SECRET = "0123456789abcdef0123456789abcdef";

function problems(environment: Record<string, string>): string {
  try {
    loadConfig(environment, "/srv/slipway");
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems.join("\n");
  }
  return "";
}

/** The issuers of a file, or everything that is wrong with it. */
function declared(issuers: readonly object[], environment: Record<string, string> = {}) {
  const { spec } = readSlipwayYaml(JSON.stringify({ identity: { issuers } }), "slipway.yaml");
  const found = issuersOf(spec.identity.issuers, loadConfig(environment, "/srv/slipway").identity, []);
  return { ...found, told: found.problems.map(({ path, message }) => `${path.join(".")} ${message}`) };
}

const CORP = { name: "corp", issuer: "https://id.example", audiences: ["slipway"] };

test("a shared secret has 32 bytes or the server does not start", () => {
  assert.match(problems({ JWT_SECRET_KEY: SECRET.slice(1) }), /JWT_SECRET_KEY must have at least 32 bytes/);
  assert.match(problems({ SECRET_KEY: "short" }), /^SECRET_KEY must have/);
  assert.equal(problems({ JWT_SECRET_KEY: SECRET }), "");
  const [issuer] = loadConfig({ SECRET_KEY: SECRET }, "/srv/slipway").identity.issuers;
  assert.deepEqual([issuer?.algorithms, issuer?.issuer, issuer?.audiences], [["HS256"], undefined, []]);
});

test("the environment's issuer needs TLS, an audience, and at Google somebody who is meant", () => {
  assert.match(
    problems({ OIDC_ISSUER: "http://id.example", OIDC_CLIENT_ID: "x" }),
    /OIDC_ISSUER must be a URL that begins with https/,
  );
  assert.match(problems({ OIDC_ISSUER: "https://id.example" }), /OIDC_AUDIENCE or OIDC_CLIENT_ID is missing/);
  assert.match(problems({ OIDC_ISSUER: "https://accounts.google.com", OIDC_CLIENT_ID: "x" }), /OIDC_EMAILS/);
  assert.match(problems({ GOOGLE_IDENTITY_AUDIENCE: "https://me" }), /GOOGLE_IDENTITY_EMAILS is missing/);
  assert.equal(problems({ OIDC_ISSUER: "https://id.example", OIDC_CLIENT_ID: "x", OIDC_CLIENT_SECRET: "y" }), "");
  assert.match(
    problems({ OIDC_ISSUER: "https://id.example", OIDC_CLIENT_ID: "x", OIDC_DEFAULT_ROLE: "king" }),
    /OIDC_DEFAULT_ROLE/,
  );
  const production = { APP_ENV: "production", DATABASE_URL: "postgres://db/x", ENCRYPTION_KEY: SECRET };
  assert.match(problems({ ...production, OIDC_ISSUER: "http://localhost:9", OIDC_CLIENT_ID: "x" }), /OIDC_ISSUER must/);
});

test("a client without its issuer is named as without effect", () => {
  assert.deepEqual(loadConfig({ OIDC_CLIENT_ID: "x", OIDC_CLIENT_SECRET: "y" }, "/srv/slipway").withoutEffect, [
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
  ]);
});

test("presets fill in what is published of Firebase and of Google's identity tokens", () => {
  const { issuers, told } = declared([
    { name: "app", preset: "firebase", projectId: "my-project" },
    {
      name: "services",
      preset: "google",
      audiences: ["https://me.example"],
      require: { emails: ["CI@p.iam.gserviceaccount.com"] },
    },
  ]);
  assert.deepEqual(told, []);
  const [app, services] = issuers;
  assert.deepEqual(
    [app?.issuer, app?.audiences, app?.algorithms],
    ["https://securetoken.google.com/my-project", ["my-project"], ["RS256"]],
  );
  assert.deepEqual(app?.grants.role.fallback, undefined, "nobody is let in by having an account");
  assert.deepEqual(
    [services?.issuer, services?.grants.require.emails],
    ["https://accounts.google.com", ["ci@p.iam.gserviceaccount.com"]],
  );
});

test("what is wrong with an issuer of the file is told with its place", () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ name: "corp", audiences: ["x"] }, /issuers\.0\.issuer is missing/],
    [{ ...CORP, audiences: undefined }, /issuers\.0\.audiences is missing/],
    [{ ...CORP, issuer: "http://id.example" }, /issuers\.0\.issuer must begin with https/],
    [{ ...CORP, jwksUrl: "http://id.example/jwks" }, /issuers\.0\.jwksUrl must begin with https/],
    [{ ...CORP, clockSkew: "6m" }, /issuers\.0\.clockSkew must be at most 5m/],
    [{ ...CORP, issuer: "https://accounts.google.com" }, /issuers\.0\.require must name/],
    [{ name: "app", preset: "firebase" }, /issuers\.0\.projectId is missing/],
    [{ ...CORP, name: "jwt" }, /issuers\.0\.name is taken/],
  ];
  for (const [issuer, told] of cases) assert.match(declared([issuer], { JWT_SECRET_KEY: SECRET }).told.join(), told);
  assert.deepEqual(declared([CORP]).told, [], "control");
  assert.match(
    declared([CORP, { ...CORP, name: "twin" }]).told.join(),
    /issuers\.1\.audiences name the same tokens as the issuer `corp`/,
  );
  assert.deepEqual(declared([CORP, { ...CORP, name: "other", audiences: ["other"] }]).told, []);
  assert.throws(() => declared([{ ...CORP, algorithms: ["HS256"] }]), /config_invalid|must be one of/);
  assert.throws(() => declared([{ ...CORP, algorithms: ["none"] }]), /must be one of/);
  assert.throws(
    () => declared([{ ...CORP, signIn: { clientId: "x", clientSecret: "hunter2" } }]),
    /secrets do not stand in files/,
  );
});
