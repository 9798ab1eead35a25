import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../../create-store.ts";
import { BACKENDS, connect, later, randomName, run } from "../../testing/databases.ts";
import { createApiKey } from "../api-keys/create.ts";

test("a key that is made for a user while the user is removed ends with the user too", async (t) => {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return;
  const store = createStore({ connection: database.connection });
  later(t, () => store.close());
  const tenantId = randomName("tenant");
  await store.tenants.ensure(tenantId, "T");
  const user = { id: "usr_1", email: "ada@example.com", name: "Ada", role: "viewer" } as const;
  await store.users.create(tenantId, user);
  const maker = await connect(database.owner);
  later(t, () => maker.end());
  await maker.query(`begin; set local role slipway_app; set local slipway.tenant_id = '${tenantId}'`);
  const key = { id: "key_1", name: "K", prefix: "slip_", hash: Buffer.alloc(32), userId: user.id };
  const { text, values } = createApiKey(tenantId, key);
  await maker.query(text, [...values]);
  const removed = store.users.remove(tenantId, user.id);
  const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  while ((await run(database.owner, waits)).length === 0);
  await maker.query("commit");
  assert.equal(await removed, true);
  assert.notEqual((await store.apiKeys.get(tenantId, key.id))?.revokedAt, null);
});
