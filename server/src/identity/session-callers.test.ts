import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Directory, DirectoryKey, DirectorySession } from "#store/directory.ts";
import { createKeySnapshot, type KeySnapshot } from "./key-snapshot.ts";
import type { Principal } from "./principal.ts";
import { createSessionCallers } from "./session-callers.ts";

const [OLD, NEW, THIRD] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
const HOUR = 3_600_000;
const KEY: DirectoryKey = {
  tenantId: "t",
  keyId: "key_1",
  name: "K",
  hash: OLD,
  role: "developer",
  scopes: null,
  expiresAt: null,
  userId: null,
  previousHash: null,
  previousExpiresAt: null,
};

/** Keys as a server that has just read them knows them, and its sessions. */
async function server(keys: readonly DirectoryKey[], environment?: Uint8Array) {
  const directory: Pick<Directory, "users" | "activeKeys"> = {
    users: () => Promise.resolve([]),
    activeKeys: () => Promise.resolve(keys),
  };
  const snapshot = createKeySnapshot({
    directory: directory as Directory,
    environmentKey: environment && { tenantId: "t", keyId: "env", name: "API_KEY", hash: environment },
    uses: {
      of: (tenantId, keyId) => ({ tenantId, keyId, at: 0 }),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  });
  await snapshot.follow({ keys: 1, routes: 0, sessions: 0, providerKeys: 0, limits: 0, agents: 0 });
  return { snapshot, callers: createSessionCallers({ keys: snapshot, userById: () => undefined }) };
}

function callerOf(snapshot: KeySnapshot, secret: Uint8Array): Principal {
  const principal = snapshot.byHash(Buffer.from(secret).toString("hex"));
  assert.ok(principal);
  return principal;
}

/** The row of a session that this secret opened, as the database gives it back. */
async function opened(secret: Uint8Array, from: ReturnType<typeof server>): Promise<DirectorySession> {
  const { snapshot, callers } = await from;
  const principal = callerOf(snapshot, secret);
  return {
    tenantId: "t",
    id: "ses_1",
    tokenHash: Buffer.alloc(32),
    owner: principal.keyId,
    caller: JSON.parse(JSON.stringify(callers.write(principal))),
    idleUntil: new Date(Date.now() + HOUR),
    expiresAt: new Date(Date.now() + 12 * HOUR),
    revoked: false,
    change: 1,
  };
}

function clock(t: TestContext): void {
  t.mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
}

test("a session ends with the secret that opened it: after the overlap of the rotation, and at once without one", async (t) => {
  clock(t);
  const before = await opened(OLD, server([KEY]));
  const rotated = { ...KEY, hash: NEW, previousHash: OLD, previousExpiresAt: new Date(Date.now() + HOUR) };
  const { callers } = await server([rotated]);
  assert.equal(callers.read(before)?.expiresAt, Date.now() + HOUR, "what it may make ends with the overlap, too");
  const after = await opened(NEW, server([rotated]));
  t.mock.timers.tick(HOUR);
  assert.equal(callers.read(before), undefined);
  // Control: the secret that is good now opened this one.
  assert.deepEqual([callers.read(after)?.via, callers.read(after)?.expiresAt], ["session", Infinity]);
  const atOnce = await server([{ ...KEY, hash: NEW }]);
  assert.equal(atOnce.callers.read(before), undefined);
  const twice = await server([{ ...rotated, hash: THIRD, previousHash: NEW }]);
  assert.equal(twice.callers.read(before), undefined);
});

test("a session of a key that was not rotated stays whatever else changes, and ends with the key", async () => {
  const row = await opened(OLD, server([KEY]));
  assert.equal((await server([{ ...KEY, name: "L", role: "viewer" }])).callers.read(row)?.role, "viewer");
  assert.equal((await server([])).callers.read(row), undefined);
});

test("sessions of the environment's key end with it", async () => {
  const row = await opened(OLD, server([], OLD));
  assert.equal((await server([], OLD)).callers.read(row)?.keyId, "env");
  assert.equal((await server([], NEW)).callers.read(row), undefined);
  assert.equal((await server([])).callers.read(row), undefined);
});
