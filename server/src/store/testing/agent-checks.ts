import assert from "node:assert/strict";
import type { Store } from "../store.ts";
import { randomName } from "./databases.ts";

const version = (letter: string) => ({
  hash: letter.repeat(64),
  spec: { say: letter, instructions: letter },
  madeBy: "key:k",
});

const hashOf = (letter: string): string => letter.repeat(64);

/** What the store must do with agents, on either database. */
export const AGENT_CHECKS: readonly (readonly [string, (store: Store, tenantId: string) => Promise<void>])[] = [
  [
    "an agent is made, changed and removed; its versions stay as they were and go with it; the directory knows which is in force",
    async (store, tenantId) => {
      const counted = async (): Promise<number> => (await store.directory.versions()).agents;
      const known = async () =>
        (await store.directory.agents()).flatMap((agent) =>
          agent.tenantId === tenantId ? [`${agent.name} ${agent.version} ${agent.hash.slice(0, 1)}`] : [],
        );
      const owner = { id: "usr_1", email: "a@example.com", name: "A", role: "developer" } as const;
      await store.users.create(tenantId, owner);
      const before = await counted();
      const made = await store.agents.create(tenantId, { name: "desk", userId: "usr_1", ...version("a") }, 2);
      assert.deepEqual([made.userId, made.version, made.hash, made.spec], ["usr_1", 1, hashOf("a"), version("a").spec]);
      assert.deepEqual(made.createdAt, made.updatedAt);
      const changed = await store.agents.update(tenantId, "desk", version("b"), undefined);
      assert.deepEqual([changed?.version, changed?.spec], [2, version("b").spec]);
      assert.deepEqual(await known(), ["desk 2 b"]);
      const after = await counted();
      assert.equal(after, before + 2);

      const same = await store.agents.update(tenantId, "desk", version("b"), [hashOf("b")]);
      assert.equal(same?.version, 2, "the same again is no version");
      const versions = await store.agents.versions(tenantId, "desk", { limit: 5 });
      assert.deepEqual(
        versions.map((each) => [each.version, each.hash.slice(0, 1), each.madeBy]),
        [
          [2, "b", "key:k"],
          [1, "a", "key:k"],
        ],
      );
      assert.equal((await store.agents.versions(tenantId, "desk", { limit: 5, before: 2 })).length, 1);
      assert.deepEqual((await store.agents.version(tenantId, "desk", 1, hashOf("a")))?.spec, version("a").spec);
      assert.equal(await store.agents.version(tenantId, "desk", 1, hashOf("b")), undefined);
      assert.deepEqual((await store.agents.list(tenantId))[0]?.spec, { say: "b" }, "lists leave the instructions out");

      await store.users.remove(tenantId, "usr_1");
      assert.equal((await store.agents.get(tenantId, "desk"))?.userId, null, "it stays when its user goes");
      assert.equal(await counted(), after, "whose it is concerns no server's memory");

      assert.equal(await store.agents.remove(tenantId, "desk", undefined), true);
      assert.equal(await store.agents.remove(tenantId, "desk", undefined), false);
      assert.deepEqual([await known(), await counted()], [[], after + 1]);
      assert.deepEqual(await store.agents.versions(tenantId, "desk", { limit: 5 }), []);
      assert.equal(await store.agents.update(tenantId, "desk", version("c"), undefined), undefined);
    },
  ],
  [
    "an agent's name is taken once in a tenant, and a tenant has so many and no more",
    async (store, tenantId) => {
      const desk = { name: "desk", userId: null, ...version("a") };
      await store.agents.create(tenantId, desk, 2);
      await assert.rejects(store.agents.create(tenantId, desk, 2), { code: "conflict", param: "name" });
      await store.agents.create(tenantId, { ...desk, name: "desk-2" }, 2);
      await assert.rejects(store.agents.create(tenantId, { ...desk, name: "desk-3" }, 2), { code: "conflict" });
      await assert.rejects(store.agents.create(randomName("none"), desk, 2), { code: "not_found" });
      const foreign = { ...desk, name: "desk-3", userId: "usr_none" };
      await assert.rejects(store.agents.create(tenantId, foreign, 5), { code: "not_found" });
      const other = randomName("other");
      await store.tenants.ensure(other, "Other");
      await store.agents.create(other, { ...desk, ...version("f") }, 2);
      assert.equal((await store.agents.get(tenantId, "desk"))?.hash, hashOf("a"));
      assert.equal(await store.agents.version(tenantId, "desk", 1, hashOf("f")), undefined);
      assert.equal(await store.agents.remove(other, "desk-2", undefined), false);
    },
  ],
  [
    "of several changes that were made of one version in the same moment one is taken; control: without saying so all are",
    async (store, tenantId) => {
      await store.agents.create(tenantId, { name: "desk", userId: null, ...version("a") }, 2);
      const letters = ["b", "c", "d", "e"];
      const change = (expected: readonly string[] | undefined) =>
        Promise.allSettled(letters.map((letter) => store.agents.update(tenantId, "desk", version(letter), expected)));
      const outcomes = await change([hashOf("a")]);
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected")
          assert.equal((outcome.reason as { code: string }).code, "precondition_failed");
      }
      assert.equal((await store.agents.get(tenantId, "desk"))?.version, 2);
      await assert.rejects(store.agents.remove(tenantId, "desk", [hashOf("a")]), { code: "precondition_failed" });
      assert.ok((await change(undefined)).every(({ status }) => status === "fulfilled"));
      const { version: last = 0, hash } = (await store.agents.get(tenantId, "desk")) ?? {};
      assert.ok(last >= 2 + letters.length - 1, `version ${last}`);
      assert.equal(await store.agents.remove(tenantId, "desk", [hash ?? "", hashOf("a")]), true);
    },
  ],
];
