import assert from "node:assert/strict";
import { test } from "node:test";
import type { Role } from "@slipway/contracts/permissions.ts";
import type { DirectorySession } from "#store/directory.ts";
import type { NewSession } from "#store/sessions.ts";
import { createPrincipal, type Principal } from "./principal.ts";
import { createSessionCallers } from "./session-callers.ts";
import { createSessions, type Sessions } from "./sessions.ts";

const BOUNDS = { idleSeconds: 3600, lifetimeSeconds: 12 * 3600 };
const KEY = createPrincipal({ tenantId: "t", keyId: "key_1", keyName: "K", via: "key", role: "developer" });

/** A store in memory, shared by as many servers as a test makes. */
function world() {
  const rows: DirectorySession[] = [];
  const clock = { now: 1_000_000 };
  const keys = new Map<string, Principal>([["t/key_1", KEY]]);
  const users = new Map<string, { readonly role: Role }>([["t/usr_1", { role: "admin" }]]);
  let version = 0;
  const touched: string[] = [];
  const put = (row: Omit<DirectorySession, "change">): void => {
    version += 1;
    const at = rows.findIndex(({ id }) => id === row.id);
    if (at !== -1) rows.splice(at, 1);
    rows.push({ ...row, change: version });
  };
  const change = (id: string, changes: Partial<DirectorySession>): void => {
    const row = rows.find((one) => one.id === id);
    if (row) put({ ...row, ...changes });
  };
  const server = (plainCookies = true): Sessions => {
    const sessions: Sessions = createSessions({
      store: {
        create: (tenantId: string, made: NewSession) => Promise.resolve(put({ tenantId, ...made, revoked: false })),
        touch: (_, id, idleUntil) => Promise.resolve(touched.push(id)).then(() => change(id, { idleUntil })),
        revoke: (_, id) => Promise.resolve(change(id, { revoked: true })).then(() => true),
        revokeAll: () => Promise.resolve(0),
      },
      directory: { sessionsSince: (after) => Promise.resolve(rows.filter((row) => row.change > after)) },
      callers: createSessionCallers({
        keys: { byMark: (tenantId, id) => keys.get(`${tenantId}/${id}`), markOf: () => "mark" },
        userById: (tenantId, id) => users.get(`${tenantId}/${id}`),
      }),
      bounds: BOUNDS,
      refresh: () => sessions.follow({ keys: 0, routes: 0, sessions: version, providerKeys: 0, limits: 0, agents: 0 }),
      plainCookies,
      onFailure: (error) => assert.fail(String(error)),
      now: () => clock.now,
    });
    return sessions;
  };
  return { server, clock, keys, users, touched, rows };
}

async function signedIn(sessions: Sessions, principal: Principal = KEY): Promise<string> {
  const { setCookie } = await sessions.open(principal, { https: false });
  return setCookie.split(";")[0] ?? "";
}

test("a session ends when nobody uses it, and at its bound however much it is used", async () => {
  const { server, clock, touched } = world();
  const sessions = server();
  const idle = await signedIn(sessions);
  clock.now += 3_599_000;
  assert.equal(sessions.read(idle)?.principal.keyId, "key_1");
  clock.now += 3_600_000;
  assert.equal(sessions.read(idle), undefined);
  const used = await signedIn(sessions);
  touched.length = 0;
  for (let minute = 0; minute < 719; minute += 1) {
    clock.now += 60_000;
    assert.notEqual(sessions.read(used), undefined, `minute ${minute}`);
    await Promise.resolve();
  }
  assert.ok(touched.length < 100, `an end of idleness is moved now and then: ${touched.length}`);
  clock.now += 60_000;
  assert.equal(sessions.read(used), undefined, "twelve hours are over");
});

test("a session ends with the token that opened it", async () => {
  const { server, clock } = world();
  const sessions = server();
  const token = { tenantId: "t", keyId: "token:jwt:x", keyName: "ci", via: "token", role: "admin" } as const;
  const cookie = await signedIn(sessions, createPrincipal({ ...token, expiresAt: clock.now + 5000 }));
  clock.now += 4999;
  assert.notEqual(sessions.read(cookie), undefined);
  clock.now += 1;
  assert.equal(sessions.read(cookie), undefined);
});

test("another server knows a session that was opened here, and forgets it when it is closed there", async () => {
  const { server } = world();
  const [here, there] = [server(), server()];
  const cookie = await signedIn(here);
  assert.equal(there.read(cookie), undefined, "control: before it looks it knows nothing");
  await there.prepare(cookie);
  const session = there.read(cookie);
  assert.ok(session);
  assert.equal(there.prepare(cookie), undefined, "nothing to wait for any more");
  await there.close(session);
  assert.equal(there.read(cookie), undefined);
  await here.follow({ keys: 0, routes: 0, sessions: 99, providerKeys: 0, limits: 0, agents: 0 });
  assert.equal(here.read(cookie), undefined);
});

test("an invented cookie makes the store be asked once in a while, and opens nothing", async () => {
  const { server, clock } = world();
  const sessions = server();
  const cookie = `slipway_session=${"A".repeat(43)}`;
  await sessions.prepare(cookie);
  assert.equal(sessions.prepare(cookie), undefined);
  clock.now += 30_000;
  assert.notEqual(sessions.prepare(cookie), undefined);
  for (const odd of ["", "slipway_session=", "slipway_session=x", `other=${"A".repeat(43)}`]) {
    assert.equal(sessions.prepare(odd), undefined);
    assert.equal(sessions.read(odd), undefined);
  }
});

test("what is stored opens nothing", async () => {
  const { server, rows } = world();
  const cookie = await signedIn(server());
  const token = cookie.split("=")[1] ?? "";
  const stored = JSON.stringify(rows);
  assert.ok(!stored.includes(token) && !stored.includes(Buffer.from(token).toString("hex")));
  const hash = Buffer.from(rows[0]?.tokenHash ?? []).toString("base64url");
  assert.equal(server().read(`slipway_session=${hash}`), undefined);
});

test("a session is worth what its key or its user is worth now", async () => {
  const { server, keys, users } = world();
  const sessions = server();
  const ofKey = await signedIn(sessions);
  keys.delete("t/key_1");
  assert.equal(sessions.read(ofKey), undefined);
  const token = { tenantId: "t", keyName: "ada@x", via: "token", role: "admin" } as const;
  const ofUser = await signedIn(sessions, createPrincipal({ ...token, keyId: "user:usr_1", userId: "usr_1" }));
  assert.deepEqual([sessions.read(ofUser)?.principal.role, sessions.read(ofUser)?.principal.via], ["admin", "session"]);
  users.delete("t/usr_1");
  assert.equal(sessions.read(ofUser), undefined);
  // Control: a person whom only the issuer knows has what the sign-in gave.
  const ofIssuer = await signedIn(sessions, createPrincipal({ ...token, keyId: "token:oidc:x", scopes: 0b11 }));
  assert.equal(sessions.read(ofIssuer)?.principal.permissions, 0b11);
});

test("a role that the token's claim gave stands over the user's own, in a session as for the token itself", async () => {
  const { server, users } = world();
  const sessions = server();
  const user = { tenantId: "t", keyId: "user:usr_1", keyName: "ada@x", via: "token", userId: "usr_1" } as const;
  const claimed = await signedIn(sessions, createPrincipal({ ...user, role: "viewer" }));
  assert.equal(sessions.read(claimed)?.principal.role, "viewer");
  // Control: the user's own role is the one that the user has now.
  const own = await signedIn(sessions, createPrincipal({ ...user, role: "admin" }));
  users.set("t/usr_1", { role: "auditor" });
  assert.deepEqual(
    [claimed, own].map((cookie) => sessions.read(cookie)?.principal.role),
    ["viewer", "auditor"],
  );
  users.delete("t/usr_1");
  assert.equal(sessions.read(claimed), undefined, "whom the tenant has locked out is out");
});

test("where cookies must be secure a plain one is not looked at, because anybody near can plant it", async () => {
  const { server } = world();
  const sessions = server(false);
  const cookie = await signedIn(sessions);
  assert.match(cookie, /^__Host-slipway_session=/);
  assert.notEqual(sessions.read(cookie), undefined);
  assert.equal(sessions.read(cookie.replace("__Host-", "")), undefined);
});
