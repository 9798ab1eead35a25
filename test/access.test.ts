import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { ApiKey, CreatedApiKey } from "@slipway/contracts/api/api-keys.ts";
import type { Caller, User, UserList } from "@slipway/contracts/api/users.ts";
import { type Role, ROLE_PERMISSIONS, ROLES } from "@slipway/contracts/permissions.ts";
import { run } from "../server/src/store/testing/databases.ts";
import { made, type Reply } from "./isolation/things.ts";
import { openWorld, type World } from "./isolation/world.ts";

const CHAT = { model: "mock-1", messages: [{ role: "user", content: "hi" }] };

interface Rooms {
  flushUses(): Promise<void>;
  keysVersion(): Promise<number>;
}

/** Calls as one tenant, in the words of the tests below. */
function caller({ send, own }: World) {
  const owner = own.keys.owner;
  const me = (key: string): Promise<Reply> => send("GET", "/api/v1/me", { key });
  return {
    owner,
    me,
    status: async (key: string) => (await me(key)).status,
    permissions: async (key: string) => (await made<Caller>(me(key))).permissions,
    makeKey: (body: object, key = owner) => send("POST", "/api/v1/api-keys", { key, body }),
    newKey: (body: object, key = owner) => made<CreatedApiKey>(send("POST", "/api/v1/api-keys", { key, body })),
    newUser: (role: Role, name: string, key = owner) =>
      made<User>(send("POST", "/api/v1/users", { key, body: { email: `${name}@Example.com`, name, role } })),
    patchUser: (id: string, body: object, key = owner) => send("PATCH", `/api/v1/users/${id}`, { key, body }),
  };
}

async function comesTrue(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    assert.ok(tries < 1000, "it did not come to pass");
    await new Promise((done) => setTimeout(done, 20));
  }
}

const codeOf = ({ text }: Reply): string => (JSON.parse(text) as { code: string }).code;

const CASES: readonly (readonly [string, (world: World, rooms: Rooms) => Promise<void>])[] = [
  ["scopes narrow what a role permits, and a refusal names what is missing", scopesNarrow],
  ["a key is taken in the header of every vendor's client and in Google's query", headers],
  ["nobody gives a key a role that permits more than they may: every role by every role", grants],
  ["a narrowed, an expiring and another user's key give no way to more", noWayUp],
  ["a rotation gives a new secret; the old one is good for the overlap and no longer", rotation],
  ["a key that has expired is refused", expiry],
  ["a key permits what its user may do today, and ends with the user", users],
  ["the last owner of a tenant stays, also when two step down in the same moment", lastOwner],
  ["when a key was last used is written in one go, and changes nothing that servers hold in memory", lastUse],
  ["tenants are made with the environment's key, once each, and with their first owner", tenants],
];

test("callers, keys, users and tenants", async (t: TestContext) => {
  let rooms: Rooms | undefined;
  const world = await openWorld(t, (_, { identity, store }) => {
    rooms = {
      flushUses: () => identity.uses.flush(),
      keysVersion: async () => (await store.directory.versions()).keys,
    };
  });
  if (!world || !rooms) return;
  for (const [name, check] of CASES) await t.test(name, () => check(world, rooms as Rooms));
});

async function scopesNarrow(world: World): Promise<void> {
  const { newKey, permissions } = caller(world);
  const narrow = await newKey({ name: "reads models", role: "viewer", scopes: ["models:read", "models:invoke"] });
  assert.deepEqual(await permissions(narrow.key), ["models:read"], "a scope that the role lacks adds nothing");
  assert.equal((await world.send("GET", "/v1/models", { key: narrow.key })).status, 200);
  const refused = await world.send("POST", "/v1/chat/completions", { key: narrow.key, body: CHAT });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /models:invoke/);
  // An agent is reached on a model's path, and is more than a model.
  const models = await newKey({ name: "models only", scopes: ["models:invoke"] });
  const chat = (model: string): Promise<Reply> =>
    world.send("POST", "/v1/chat/completions", { key: models.key, body: { ...CHAT, model } });
  assert.equal((await chat("mock-1")).status, 200);
  assert.match((await chat("agent/concierge")).text, /agents:run/);
}

async function headers(world: World): Promise<void> {
  const { key } = await caller(world).newKey({ name: "headers" });
  const ways: readonly Readonly<Record<string, string>>[] = [
    { authorization: `Bearer ${key}` },
    { authorization: `bearer ${key}` },
    { "X-API-KEY": key },
    { "x-api-key": key },
    { "x-goog-api-key": key },
  ];
  for (const way of ways) {
    const { status } = await world.send("GET", "/v1/models", { headers: way });
    assert.equal(status, 200, Object.keys(way).join());
  }
  const body = { contents: [{ role: "user", parts: [{ text: "hi" }] }] };
  const gemini = (query: string): Promise<Reply> =>
    world.send("POST", `/v1beta/models/mock-1:generateContent${query}`, { body });
  assert.equal((await gemini(`?key=${key}`)).status, 200);
  assert.equal((await gemini(`?key=${key.slice(0, -1)}`)).status, 401);
  assert.equal((await world.send("POST", `/v1/chat/completions?key=${key}`, { body: CHAT })).status, 401);
}

async function grants(world: World): Promise<void> {
  const { makeKey } = caller(world);
  for (const by of ROLES) {
    for (const role of ROLES) {
      const may = ROLE_PERMISSIONS[by];
      const within =
        may.includes("keys:write") && ROLE_PERMISSIONS[role].every((permission) => may.includes(permission));
      const { status } = await makeKey({ name: `${role} by ${by}`, role }, world.own.keys[by]);
      assert.equal(status, within ? 201 : 403, `${role} by ${by}`);
      const user = { email: `${role}-by-${by}@example.com`, name: "x", role };
      const asked = await world.send("POST", "/api/v1/users", { key: world.own.keys[by], body: user });
      assert.equal(asked.status, within && may.includes("users:write") ? 201 : 403, `user: ${role} by ${by}`);
    }
  }
  // Control: the rule refuses some and lets some through, or it would show nothing.
  assert.equal((await makeKey({ name: "control", role: "owner" })).status, 201);
}

async function noWayUp(world: World): Promise<void> {
  const { owner, makeKey, newKey, newUser, patchUser } = caller(world);
  const change = (key: string, id: string, body: object): Promise<Reply> =>
    world.send("PATCH", `/api/v1/api-keys/${id}`, { key, body });
  const rotate = (key: string, id: string): Promise<Reply> =>
    world.send("POST", `/api/v1/api-keys/${id}/rotate`, { key, body: {} });
  const narrow = await newKey({ name: "narrow", scopes: ["keys:write", "keys:read"] });
  assert.equal((await makeKey({ name: "wider" }, narrow.key)).status, 403);
  assert.equal((await makeKey({ name: "same", scopes: ["keys:read"] }, narrow.key)).status, 201);
  assert.equal((await change(narrow.key, narrow.id, { scopes: null })).status, 403);
  assert.equal((await change(narrow.key, narrow.id, { role: "owner" })).status, 200, "its scopes still hold");
  assert.deepEqual(await caller(world).permissions(narrow.key), ["keys:read", "keys:write"]);
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const later = new Date(Date.now() + 7_200_000).toISOString();
  const ending = await newKey({ name: "ending", expiresAt: soon });
  assert.equal((await makeKey({ name: "for ever" }, ending.key)).status, 403);
  assert.equal((await makeKey({ name: "longer", expiresAt: later }, ending.key)).status, 403);
  assert.equal((await makeKey({ name: "as long", expiresAt: soon }, ending.key)).status, 201);
  assert.equal((await change(ending.key, ending.id, { expiresAt: null })).status, 403);
  const endless = await newKey({ name: "endless" });
  assert.equal((await rotate(ending.key, endless.id)).status, 403);
  assert.equal((await rotate(ending.key, ending.id)).status, 200, "its own new secret ends as it does");
  const replaced = await made<CreatedApiKey>(rotate(endless.key, endless.id));
  assert.equal((await rotate(endless.key, endless.id)).status, 403, "a secret in its overlap gets no new one");
  assert.equal((await rotate(replaced.key, endless.id)).status, 200);
  // To rotate a key is to have it.
  const admins = await newKey({ name: "an admin's", role: "admin" });
  const developer = world.own.keys.developer;
  assert.equal((await rotate(developer, admins.id)).status, 403);
  const person = await newUser("developer", "person");
  const persons = await newKey({ name: "a person's", userId: person.id });
  assert.equal(persons.userId, person.id);
  assert.equal((await rotate(developer, persons.id)).status, 403);
  assert.equal((await world.send("DELETE", `/api/v1/api-keys/${persons.id}`, { key: developer })).status, 403);
  assert.equal((await makeKey({ name: "in another's name", userId: person.id }, developer)).status, 403);
  assert.equal((await rotate(owner, persons.id)).status, 200);
  // Who may not make owners may not unmake them.
  const ownerUser = await newUser("owner", "an-owner");
  assert.equal((await patchUser(ownerUser.id, { role: "viewer" }, admins.key)).status, 403);
  assert.equal((await patchUser(person.id, { role: "owner" }, admins.key)).status, 403);
  assert.equal((await patchUser(person.id, { role: "viewer" }, admins.key)).status, 200);
}

async function rotation(world: World): Promise<void> {
  const { owner, newKey, status } = caller(world);
  const first = await newKey({ name: "rotated" });
  const rotate = (overlapSeconds: number) =>
    made<CreatedApiKey>(
      world.send("POST", `/api/v1/api-keys/${first.id}/rotate`, { key: owner, body: { overlapSeconds } }),
    );
  const second = await rotate(6);
  assert.equal(second.id, first.id);
  assert.notEqual(second.key, first.key);
  assert.ok(second.previousSecretUntil);
  assert.deepEqual([await status(first.key), await status(second.key)], [200, 200]);
  await comesTrue(async () => (await status(first.key)) === 401);
  assert.ok(Date.now() >= new Date(second.previousSecretUntil).getTime() - 100, "not before its end");
  assert.equal(await status(second.key), 200);
  const third = await rotate(0);
  assert.deepEqual([await status(second.key), await status(third.key)], [401, 200]);
  const fourth = await rotate(3600);
  await rotate(3600);
  assert.deepEqual([await status(third.key), await status(fourth.key)], [401, 200], "two secrets at most");
}

async function expiry(world: World): Promise<void> {
  const { makeKey, newKey, status } = caller(world);
  const key = await newKey({ name: "short", expiresAt: new Date(Date.now() + 6000).toISOString() });
  assert.equal(await status(key.key), 200);
  await comesTrue(async () => (await status(key.key)) === 401);
  assert.ok(Date.now() >= new Date(key.expiresAt ?? 0).getTime());
  const past = await makeKey({ name: "past", expiresAt: "2020-01-01T00:00:00Z" });
  assert.deepEqual([past.status, (JSON.parse(past.text) as { param: string }).param], [400, "expiresAt"]);
}

async function users(world: World): Promise<void> {
  const { owner, newKey, newUser, patchUser, permissions, status } = caller(world);
  const user = await newUser("developer", "Somebody");
  assert.equal(user.email, "somebody@example.com");
  const again = { email: "SOMEBODY@example.com", name: "x", role: "viewer" };
  assert.equal(codeOf(await world.send("POST", "/api/v1/users", { key: owner, body: again })), "conflict");
  const { key, id } = await newKey({ name: "of somebody", userId: user.id });
  assert.ok((await permissions(key)).includes("models:invoke"));
  assert.equal((await patchUser(user.id, { role: "viewer" })).status, 200);
  assert.ok(!(await permissions(key)).includes("models:invoke"));
  await patchUser(user.id, { disabled: true });
  assert.equal(await status(key), 401);
  await patchUser(user.id, { disabled: false });
  assert.equal(await status(key), 200);
  assert.equal((await world.send("DELETE", `/api/v1/users/${user.id}`, { key: owner })).status, 204);
  assert.equal(await status(key), 401);
  const left = await made<ApiKey>(world.send("GET", `/api/v1/api-keys/${id}`, { key: owner }));
  assert.ok(left.revokedAt, "it does not become nobody's key");
}

async function lastOwner(world: World): Promise<void> {
  const { owner, newUser, patchUser } = caller(world);
  const list = await made<UserList>(world.send("GET", "/api/v1/users", { key: owner }));
  const others = list.users.filter(({ role }) => role === "owner");
  const one = await newUser("owner", "one");
  for (const { id } of others) assert.equal((await patchUser(id, { role: "viewer" })).status, 200);
  for (const change of [{ role: "admin" }, { disabled: true }])
    assert.equal(codeOf(await patchUser(one.id, change)), "last_owner");
  const removed = await world.send("DELETE", `/api/v1/users/${one.id}`, { key: owner });
  assert.equal(codeOf(removed), "last_owner");
  const two = await newUser("owner", "two");
  const bothStepDown = async (): Promise<number> => {
    const answers = await Promise.all([one, two].map(({ id }) => patchUser(id, { role: "viewer" })));
    for (const { id } of [one, two]) await patchUser(id, { role: "owner" });
    return answers.filter(({ status }) => status === 200).length;
  };
  for (let round = 0; round < 10; round += 1) assert.equal(await bothStepDown(), 1);
  // Control: without the database's guard nothing keeps the second one.
  await run(world.database.owner, "alter table slipway.users disable trigger keep_last_owner");
  assert.equal(await bothStepDown(), 2);
  await run(world.database.owner, "alter table slipway.users enable trigger keep_last_owner");
}

async function lastUse(world: World, rooms: Rooms): Promise<void> {
  const { owner, newKey, status } = caller(world);
  const { id, key } = await newKey({ name: "used" });
  const look = () => made<ApiKey>(world.send("GET", `/api/v1/api-keys/${id}`, { key: owner }));
  await rooms.flushUses();
  assert.equal((await look()).lastUsedAt, null, "control: it was not used yet");
  const before = Date.now();
  await status(key);
  assert.equal((await look()).lastUsedAt, null, "no request writes it");
  const version = await rooms.keysVersion();
  await rooms.flushUses();
  const { lastUsedAt } = await look();
  assert.ok(lastUsedAt !== null && new Date(lastUsedAt).getTime() >= before);
  assert.equal(await rooms.keysVersion(), version);
}

async function tenants(world: World): Promise<void> {
  const make = (key: string, id: string) => world.send("POST", "/api/v1/tenants", { key, body: { id, name: id } });
  for (const role of ROLES) assert.equal((await make(world.own.keys[role], "third")).status, 403, role);
  const { apiKey } = await made<{ apiKey: { key: string } }>(make(world.environmentKey, "third"));
  const { tenantId, role } = await made<Caller>(world.send("GET", "/api/v1/me", { key: apiKey.key }));
  assert.deepEqual([tenantId, role], ["third", "owner"]);
  assert.equal(codeOf(await make(world.environmentKey, "third")), "conflict");
  const wrong = await make(world.environmentKey, "No Good");
  assert.equal(wrong.status, 400);
  const list = await made<{ tenants: { id: string }[] }>(
    world.send("GET", "/api/v1/tenants", { key: world.environmentKey }),
  );
  assert.deepEqual(
    list.tenants.map(({ id }) => id),
    ["default", "other", "own", "third"],
  );
}
