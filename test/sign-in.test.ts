import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SignJWT } from "jose";
import type { BrowserContext } from "playwright-core";
import { buildConsole } from "../deploy/src/local/console-build.ts";
import { axeViolations, launchBrowser, openPage } from "./support/browser.ts";
import { freePort, type MockIssuer, type ProviderIssuer, startMockIssuer, startProvider } from "./support/issuers.ts";
import { signInByForms } from "./support/provider-pages.ts";
import { requireChromium } from "./support/require.ts";
import { type RunningServer, startServer } from "./support/server.ts";
import { until } from "./support/workers.ts";

const SECRET = "only-for-this-test-and-long-enough-0123456789";
const CLIENT = { clientId: "console", clientSecret: "secret-of-the-console-0123456789" };

interface Stage {
  readonly server: RunningServer;
  readonly mock: MockIssuer;
  readonly provider: ProviderIssuer;
  /** The file that holds the secret of the client at `provider`. */
  readonly secretFile: string;
}

/** A server that trusts a secret of ours, `oauth2-mock-server` by the environment, and `oidc-provider` by its file. */
async function startStage(): Promise<Stage & { close(): Promise<void> }> {
  const port = await freePort();
  const mock = await startMockIssuer();
  const provider = await startProvider({ ...CLIENT, redirectUri: `http://127.0.0.1:${port}/api/v1/session/callback` });
  const folder = await mkdtemp(join(tmpdir(), "slipway-issuers-"));
  const file = join(folder, "slipway.yaml");
  const secretFile = join(folder, "corp-secret");
  await writeFile(secretFile, `${CLIENT.clientSecret}\n`);
  const declared = {
    name: "corp",
    issuer: provider.url,
    audiences: ["slipway"],
    role: { fallback: "admin" },
    require: { emailDomains: ["corp.example"] },
    signIn: { label: "Corp", clientId: CLIENT.clientId, clientSecret: `file:${secretFile}` },
  };
  await writeFile(file, JSON.stringify({ identity: { issuers: [declared] } }));
  const server = await startServer({
    env: {
      PORT: String(port),
      SLIPWAY_CONFIG: file,
      JWT_SECRET_KEY: SECRET,
      OIDC_ISSUER: mock.url,
      OIDC_CLIENT_ID: "mock-client",
      OIDC_CLIENT_SECRET: "mock-secret",
      OIDC_AUDIENCE: "slipway",
      OIDC_DEFAULT_ROLE: "developer",
      OIDC_ROLE_CLAIM: "role",
      OIDC_KEYS_COOLDOWN_SECONDS: "1",
      TEST_MODE: "true",
    },
  });
  return {
    server,
    mock,
    provider,
    secretFile,
    async close() {
      await server.stop();
      await provider.close();
      await mock.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("callers with tokens, and people who sign in", async (t) => {
  const stage = await startStage();
  t.after(() => stage.close());
  await t.test("a token of our own secret is accepted on the hot path, and one of another secret is not", () =>
    ownSecret(stage),
  );
  await t.test("oauth2-mock-server: its tokens are accepted, with their role, for us alone", () => mockTokens(stage));
  await t.test("whom a tenant has disabled does not get in by a token, whatever role its issuer gives", () =>
    disabledUser(stage),
  );
  await t.test("oauth2-mock-server: a new key is taken up", () => rotation(stage));
  await t.test("oauth2-mock-server: signing in, and what does not sign in", () => signIn(stage));
  await t.test(
    "a session changes things with its CSRF token from its own origin alone, and ends with signing out",
    () => csrf(stage),
  );
  await t.test("oidc-provider: a person signs in by its pages in Chromium", async (browserTest) => {
    const chromium = requireChromium(browserTest);
    if (chromium !== undefined) await inBrowser(stage, chromium);
  });
  await t.test("oidc-provider: another secret of the client is in force for the next sign-in, without a restart", () =>
    rotatedSecret(stage),
  );
  await t.test("an issuer that is away: known keys go on, unknown ones are told in time", () => issuerAway(stage));
});

function chat(server: RunningServer, token: string, header = "authorization"): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: "POST",
    headers: { [header]: header === "authorization" ? `Bearer ${token}` : token, "content-type": "application/json" },
    body: JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "ahoy" }] }),
  });
}

function ownToken(secret: string, claims: object = {}): Promise<string> {
  const signer = new SignJWT({ sub: "ada", ...claims }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("10m");
  return signer.sign(Buffer.from(secret));
}

async function ownSecret({ server }: Stage): Promise<void> {
  const token = await ownToken(SECRET);
  assert.equal((await chat(server, token)).status, 200);
  assert.equal((await chat(server, token)).status, 200, "from memory");
  assert.equal((await chat(server, token, "x-api-key")).status, 200, "in the header of Anthropic's clients");
  assert.equal((await chat(server, await ownToken(`${SECRET}x`))).status, 401);
  assert.equal((await chat(server, await ownToken(SECRET, { role: "viewer" }))).status, 403, "a viewer asks no model");
  assert.equal((await chat(server, server.apiKey)).status, 200, "keys go on");
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /slipway_token_verifications_total\{outcome="ok"\} 2\n/);
  assert.match(metrics, /slipway_token_verifications_total\{outcome="signature"\} 1\n/);
}

async function mockTokens({ server, mock }: Stage): Promise<void> {
  assert.equal((await chat(server, await mock.token({ aud: "slipway", sub: "ada" }))).status, 200);
  assert.equal((await chat(server, await mock.token({ aud: "slipway", sub: "ada", role: "auditor" }))).status, 403);
  const refused = await chat(server, await mock.token({ aud: "somebody-else", sub: "ada" }));
  assert.equal(refused.status, 401);
  assert.match(await refused.text(), /`aud` is not the one expected/);
  assert.equal(
    (await chat(server, await mock.token({ aud: "slipway", sub: "ada", iss: "http://127.0.0.1:9" }))).status,
    401,
  );
  assert.equal((await chat(server, await mock.token({ aud: "slipway", sub: "ada", exp: 1 }))).status, 401);
}

async function disabledUser({ server, mock }: Stage): Promise<void> {
  const ask = async (method: string, path: string, body: object): Promise<{ id: string }> => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { "x-api-key": server.apiKey, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.clone().text());
    return (await answer.json()) as { id: string };
  };
  const email = "locked.out@corp.example";
  const token = await mock.token({ aud: "slipway", sub: "eve", role: "admin", email, email_verified: true });
  assert.equal((await chat(server, token)).status, 200, "before there is such a user the issuer's role holds");
  const { id } = await ask("POST", "/api/v1/users", { email, name: "Eve", role: "viewer" });
  await ask("PATCH", `/api/v1/users/${id}`, { disabled: true });
  await until("the token is refused", async () => (await chat(server, token)).status === 401);
  assert.match(await (await chat(server, token)).text(), /disabled here/);
  await ask("PATCH", `/api/v1/users/${id}`, { disabled: false });
  await until("control: enabled again, it is accepted", async () => (await chat(server, token)).status === 200);
}

async function rotation({ server, mock }: Stage): Promise<void> {
  await mock.rotate();
  await until(
    "the new key is taken up",
    async () => (await chat(server, await mock.token({ aud: "slipway", sub: "ada" }))).status === 200,
  );
}

/** Follows the redirects of a sign-in at the mock issuer by hand, up to the answer of our callback. */
async function walk(
  server: RunningServer,
  mutate: (callback: URL) => void = () => {},
  cookie?: string,
): Promise<Response> {
  const begun = await fetch(`${server.url}/api/v1/session/begin?issuer=oidc&return=%2Fconsole%2Fagents`, {
    redirect: "manual",
  });
  assert.equal(begun.status, 302);
  const [set = ""] = begun.headers.getSetCookie();
  assert.match(set, /^slipway_sign_in=[^;]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
  const location = new URL(begun.headers.get("location") ?? "");
  assert.equal(location.searchParams.get("code_challenge_method"), "S256");
  const granted = await fetch(location, { redirect: "manual" });
  const callback = new URL(granted.headers.get("location") ?? "");
  assert.equal(callback.origin, server.url);
  mutate(callback);
  return fetch(callback, { redirect: "manual", headers: { cookie: cookie ?? set.split(";")[0] ?? "" } });
}

async function signIn({ server, mock }: Stage): Promise<void> {
  // The mock's id token is for its client and names the nonce of the request; it says nothing of a person.
  const done = await walk(server);
  assert.equal(done.headers.get("location"), "/console/agents");
  const session = done.headers
    .getSetCookie()
    .find((set) => set.startsWith("slipway_session=") && !set.includes("Max-Age=0"));
  assert.match(session ?? "", /^slipway_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  const me = await fetch(`${server.url}/api/v1/session`, { headers: { cookie: session?.split(";")[0] ?? "" } });
  assert.equal(((await me.json()) as { role: string }).role, "developer");
  const problem = (response: Response): string | null =>
    new URL(response.headers.get("location") ?? "", server.url).searchParams.get("problem");
  assert.equal(problem(await walk(server, (url) => url.searchParams.set("state", "another"))), "expired");
  assert.equal(problem(await walk(server, () => {}, "slipway_sign_in=AAAA")), "expired");
  assert.equal(problem(await walk(server, (url) => url.searchParams.set("code", "invented"))), "failed");
  assert.equal(problem(await walk(server, (url) => url.searchParams.set("iss", "https://evil.example"))), "failed");
  assert.equal(problem(await walk(server, (url) => url.searchParams.set("error", "access_denied"))), "refused");
  // Somebody else's answer in this browser: a code that belongs to another request's challenge.
  const stolen = new URL(
    (
      await fetch(
        `${mock.url}/authorize?response_type=code&client_id=mock-client&redirect_uri=${encodeURIComponent(`${server.url}/api/v1/session/callback`)}&scope=openid&state=x`,
        { redirect: "manual" },
      )
    ).headers.get("location") ?? "",
  );
  assert.equal(
    problem(await walk(server, (url) => url.searchParams.set("code", stolen.searchParams.get("code") ?? ""))),
    "failed",
  );
  const nonce = (token: { payload: Record<string, unknown> }): void => void (token.payload["nonce"] = "another");
  mock.server.service.on("beforeTokenSigning", nonce);
  assert.equal(problem(await walk(server)), "failed", "an id token of another request");
  mock.server.service.off("beforeTokenSigning", nonce);
  assert.equal(problem(await walk(server)), null, "control: with its own nonce it succeeds");
  const log = `${server.url}/api/v1/audit-records?target=${encodeURIComponent("GET /api/v1/session/callback")}`;
  let records: readonly Record<string, unknown>[] = [];
  await until("each refused sign-in is in the audit log", async () => {
    const answer = await fetch(log, { headers: { "x-api-key": server.apiKey } });
    ({ records } = (await answer.json()) as { records: typeof records });
    return records.length === 7;
  });
  for (const { actor, action, outcome, code } of records) {
    assert.deepEqual([actor, action, outcome, code], ["stranger", "caller.verify", "denied", "unauthenticated"]);
  }
  for (const hostile of [
    "//evil.example",
    "https://evil.example/",
    "/console//evil",
    "/api/v1/session",
    "javascript:alert(1)",
  ]) {
    const begun = await fetch(`${server.url}/api/v1/session/begin?issuer=oidc&return=${encodeURIComponent(hostile)}`, {
      redirect: "manual",
    });
    assert.equal(new URL(begun.headers.get("location") ?? "").origin, mock.url, hostile);
  }
  const elsewhere = await fetch(`${server.url}/api/v1/session/begin?issuer=nobody`, { redirect: "manual" });
  assert.equal(elsewhere.status, 404);
}

async function csrf({ server }: Stage): Promise<void> {
  const opened = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    headers: { origin: server.url, "content-type": "application/json" },
    body: JSON.stringify({ apiKey: server.apiKey }),
  });
  const cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { csrfToken } = (await opened.json()) as { csrfToken: string };
  const ask = async (headers: Record<string, string>): Promise<number> => {
    const body = JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "ahoy" }] });
    const init = { method: "POST", headers: { cookie, "content-type": "application/json", ...headers }, body };
    return (await fetch(`${server.url}/v1/chat/completions`, init)).status;
  };
  assert.equal(await ask({ origin: server.url, "x-csrf-token": csrfToken }), 200);
  assert.equal(await ask({ origin: server.url }), 403);
  assert.equal(await ask({ origin: server.url, "x-csrf-token": `${csrfToken.slice(0, -1)}~` }), 403);
  assert.equal(await ask({ origin: "https://evil.example", "x-csrf-token": csrfToken }), 403);
  assert.equal(await ask({ origin: server.url, "sec-fetch-site": "same-site", "x-csrf-token": csrfToken }), 403);
  const close = { method: "DELETE", headers: { cookie, origin: server.url, "x-csrf-token": csrfToken } };
  assert.equal((await fetch(`${server.url}/api/v1/session`, close)).status, 204);
  assert.equal(
    await ask({ origin: server.url, "x-csrf-token": csrfToken }),
    401,
    "a copy of the cookie is worth nothing",
  );
}

/** Cookies know no ports: the issuer's are among those of this host. */
async function ownCookies(context: BrowserContext) {
  const all = await context.cookies();
  return all
    .filter(({ name }) => name.includes("slipway"))
    .map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite }));
}

async function inBrowser({ server, provider }: Stage, chromium: string): Promise<void> {
  await buildConsole(() => undefined);
  const browser = await launchBrowser(chromium);
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, context, trespasses } = await openPage(browser, server.url, {
        colorScheme,
        visits: [provider.url],
      });
      await page.goto("/console/agents");
      const link = page.getByRole("link", { name: "Sign in with Corp" });
      await link.waitFor();
      assert.deepEqual(await axeViolations(page), []);
      await link.click();
      await page.locator("input[name=login]").fill("grace");
      await page.locator("input[name=password]").fill("whatever");
      await page.locator("button[type=submit]").click();
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
      assert.equal(new URL(page.url()).pathname, "/console/agents");
      await page.getByText("grace@corp.example").waitFor();
      assert.deepEqual(await ownCookies(context), [{ name: "slipway_session", httpOnly: true, sameSite: "Strict" }]);
      await page.getByRole("button", { name: "Sign out" }).click();
      await link.waitFor();
      assert.deepEqual(await ownCookies(context), []);
      await page.goto("/console/sign-in?problem=not_allowed");
      await page.getByRole("alert").getByText("not let in here").waitFor();
      assert.deepEqual(await axeViolations(page), []);
      // The issuer's own pages ask for a font elsewhere, and do not get it.
      const foreign = trespasses.foreign.filter((url) => !url.startsWith("https://fonts.googleapis.com/"));
      assert.deepEqual({ ...trespasses, foreign }, { foreign: [], policy: [], exceptions: [] });
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

async function rotatedSecret({ server, provider, secretFile }: Stage): Promise<void> {
  const problem = async (): Promise<string | null> => {
    const done = await signInByForms(`${server.url}/api/v1/session/begin?issuer=corp`, server.url, "grace");
    return new URL(done, server.url).searchParams.get("problem");
  };
  assert.equal(await problem(), null);
  const next = "the-next-secret-of-the-console-0123456789";
  provider.rotateSecret(next);
  assert.equal(await problem(), "failed", "control: the issuer takes the new one alone");
  await writeFile(secretFile, next);
  await until("the new secret is in force", async () => (await problem()) === null);
  await rm(secretFile);
  await until("its loss is told", () => Promise.resolve(server.output().includes("a secret cannot be read")));
  assert.equal(await problem(), null, "what was read last stays in force");
  for (const secret of [CLIENT.clientSecret, next]) assert.ok(!server.output().includes(secret), "none is logged");
}

async function issuerAway({ server, mock }: Stage): Promise<void> {
  const known = await mock.token({ aud: "slipway", sub: "ada" });
  await mock.rotate();
  const unknown = await mock.token({ aud: "slipway", sub: "ada" });
  await mock.close();
  assert.equal((await chat(server, known)).status, 200, "verified by a key in memory");
  assert.equal((await chat(server, unknown)).status, 401);
  const begun = await fetch(`${server.url}/api/v1/session/begin?issuer=oidc`, { redirect: "manual" });
  assert.equal(begun.status, 302, "its discovery document is in memory");
}
