import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createStore } from "./create-store.ts";
import type { MostAnswers } from "./kept-answers.ts";
import { BACKENDS, later, randomName, run } from "./testing/databases.ts";

const bytes = (content: string): Uint8Array => Buffer.from(content, "utf8");
const texts = (answers: readonly { readonly content: Uint8Array }[]): string[] =>
  answers.map(({ content }) => Buffer.from(content).toString("utf8"));
const later1h = (): Date => new Date(Date.now() + 3_600_000);

const most = (answers: number, bytes = 1_000_000): MostAnswers => ({ answers, bytes });

function answer(id: string, previousId: string | null = null, expiresAt = later1h()) {
  return { id, previousId, itemIds: [`msg_${id}`, `fc_${id}`], content: bytes(id), expiresAt };
}

for (const backend of BACKENDS) {
  test(`kept answers on ${backend.name}: put, found by id, by chain and by item, deleted, each tenant's own`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    const { keptAnswers } = store;
    const [mine, other] = [randomName("mine"), randomName("other")];
    for (const tenantId of [mine, other]) await store.tenants.ensure(tenantId, "Name");

    await keptAnswers.put(mine, answer("a"));
    await keptAnswers.put(mine, answer("b", "a"));
    await keptAnswers.put(mine, answer("c", "b"));
    await keptAnswers.put(other, answer("a"));
    await assert.rejects(keptAnswers.put(mine, answer("a")), { code: "conflict" });

    const found = await keptAnswers.get(mine, "b");
    assert.deepEqual([found?.id, found?.previousId, found && texts([found])], ["b", "a", ["b"]]);
    assert.deepEqual(texts(await keptAnswers.chain(mine, "c", most(10))), ["a", "b", "c"]);
    assert.deepEqual(texts(await keptAnswers.chain(mine, "c", most(2))), ["b", "c"]);
    assert.deepEqual(await keptAnswers.chain(mine, "none", most(10)), []);
    assert.deepEqual(texts(await keptAnswers.withItems(mine, ["fc_a", "msg_c", "msg_none"], most(10))).toSorted(), [
      "a",
      "c",
    ]);

    // Another tenant sees nothing of it, by any way.
    assert.equal(await keptAnswers.get(other, "b"), undefined);
    assert.deepEqual(await keptAnswers.chain(other, "c", most(10)), []);
    assert.deepEqual(await keptAnswers.withItems(other, ["msg_c"], most(10)), []);
    assert.equal(await keptAnswers.delete(other, "b"), false);

    assert.equal(await keptAnswers.delete(mine, "b"), true);
    assert.equal(await keptAnswers.delete(mine, "b"), false);
    assert.deepEqual(texts(await keptAnswers.chain(mine, "c", most(10))), ["c"]);
  });

  test(`kept answers on ${backend.name}: an expired one is gone for readers, and dropped by the next that comes`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    const { keptAnswers } = store;
    const tenantId = randomName("t");
    await store.tenants.ensure(tenantId, "Name");
    await keptAnswers.put(tenantId, answer("old", null, new Date(Date.now() - 1000)));
    assert.equal(await keptAnswers.get(tenantId, "old"), undefined);
    assert.deepEqual(await keptAnswers.withItems(tenantId, ["msg_old"], most(1)), []);
    // The place is still taken until something new comes.
    assert.equal(await keptAnswers.delete(tenantId, "old"), true);
    await keptAnswers.put(tenantId, answer("old", null, new Date(Date.now() - 1000)));
    await keptAnswers.put(tenantId, answer("new"));
    assert.equal(await keptAnswers.delete(tenantId, "old"), false);
  });

  test(`kept answers on ${backend.name}: items go with their answer, and odd ids keep none from being kept`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    const { keptAnswers } = store;
    const tenantId = randomName("t");
    await store.tenants.ensure(tenantId, "Name");
    const itemsLeft = async (): Promise<unknown> =>
      (
        await run(
          database.connection,
          `begin; select set_config('slipway.tenant_id', '${tenantId}', true); set local role slipway_app;
            select item_id from slipway.kept_answer_items order by 1`,
        )
      ).map((row) => row["item_id"]);
    // A vendor's own items have the vendor's ids.
    const long = randomBytes(2000).toString("hex");
    await keptAnswers.put(tenantId, { ...answer("odd"), itemIds: ["ws_1", "ws_1", long] });
    assert.deepEqual(texts(await keptAnswers.withItems(tenantId, ["ws_1", long], most(10))), ["odd"]);
    await keptAnswers.put(tenantId, { ...answer("same"), itemIds: ["ws_1"] });
    assert.equal((await keptAnswers.withItems(tenantId, ["ws_1"], most(10))).length, 2);
    assert.equal(await keptAnswers.delete(tenantId, "odd"), true);
    assert.deepEqual(await itemsLeft(), ["ws_1"]);
    assert.equal(await keptAnswers.delete(tenantId, "same"), true);
    await keptAnswers.put(tenantId, answer("old", null, new Date(Date.now() - 1000)));
    assert.deepEqual(await itemsLeft(), ["fc_old", "msg_old"]);
    await keptAnswers.put(tenantId, { ...answer("new"), itemIds: [] });
    assert.deepEqual(await itemsLeft(), []);
  });

  test(`kept answers on ${backend.name}: what is too much to be read at once is not read`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    const { keptAnswers } = store;
    const tenantId = randomName("t");
    await store.tenants.ensure(tenantId, "Name");
    const content = new Uint8Array(1000);
    for (let at = 0; at < 10; at += 1) {
      const before = at === 0 ? null : `r${at - 1}`;
      await keptAnswers.put(tenantId, { ...answer(`r${at}`, before), content });
    }
    const ids = (answers: readonly { readonly id: string }[]): string[] => answers.map(({ id }) => id);
    assert.deepEqual(ids(await keptAnswers.chain(tenantId, "r9", most(100, 2500))), ["r7", "r8", "r9"]);
    const items = Array.from({ length: 10 }, (_, at) => `msg_r${at}`);
    assert.equal((await keptAnswers.withItems(tenantId, items, most(100, 2500))).length, 3);
    assert.equal((await keptAnswers.withItems(tenantId, items, most(100))).length, 10);
  });
}
