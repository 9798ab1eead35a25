import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Store } from "../store.ts";
import { randomName } from "./databases.ts";

const keysVersion = async (store: Store): Promise<number> => (await store.directory.versions()).keys;

/** What the store must do with keys, users and tenants, on either database. */
export const ACCESS_CHECKS: readonly (readonly [string, (store: Store, tenantId: string) => Promise<void>])[] = [
  [
    "a key's secret is replaced, the old one kept for the overlap, and its last use is no change of it",
    async (store, tenantId) => {
      const [first, second] = [randomBytes(32), randomBytes(32)];
      await store.users.create(tenantId, { id: "usr_1", email: "a@example.com", name: "A", role: "owner" });
      const key = {
        id: "key_1",
        name: "One",
        prefix: "slip_abcde",
        hash: first,
        userId: "usr_1",
        scopes: ["models:read"],
      };
      await store.apiKeys.create(tenantId, key);
      const rotated = await store.apiKeys.rotate(tenantId, "key_1", {
        prefix: "slip_new",
        hash: second,
        overlapSeconds: 60,
      });
      assert.ok(rotated?.previousExpiresAt && rotated.previousExpiresAt > new Date());
      const [known] = (await store.directory.activeKeys()).filter((active) => active.tenantId === tenantId);
      assert.deepEqual([known?.userId, known?.scopes], ["usr_1", ["models:read"]]);
      assert.equal(Buffer.compare(known?.hash ?? first, second), 0);
      assert.equal(Buffer.compare(known?.previousHash ?? second, first), 0);
      const version = await keysVersion(store);
      const [at, earlier] = [new Date("2026-11-21T12:00:00Z"), new Date("2026-11-21T11:00:00Z")];
      await store.apiKeys.recordUses([
        { tenantId, keyId: "key_1", at },
        { tenantId, keyId: "key_none", at },
      ]);
      await store.apiKeys.recordUses([{ tenantId, keyId: "key_1", at: earlier }]);
      assert.deepEqual((await store.apiKeys.get(tenantId, "key_1"))?.lastUsedAt, at);
      assert.equal(await keysVersion(store), version);
      const ended = await store.apiKeys.update(tenantId, "key_1", { expiresAt: new Date(0), scopes: null });
      assert.deepEqual([ended?.scopes, ended?.name], [null, "One"]);
      assert.ok((await keysVersion(store)) > version);
      assert.ok((await store.directory.activeKeys()).every((active) => active.tenantId !== tenantId));
    },
  ],
  [
    "a user is found by the directory while in force, takes its keys along, and the last owner stays",
    async (store, tenantId) => {
      const known = async () => (await store.directory.users()).filter((user) => user.tenantId === tenantId);
      const owner = { id: "usr_1", email: "a@example.com", name: "A", role: "owner" } as const;
      await store.users.create(tenantId, owner);
      assert.deepEqual(await known(), [{ tenantId, ...owner, disabled: false }]);
      await assert.rejects(store.users.create(tenantId, { ...owner, id: "usr_2" }), { code: "conflict" });
      await assert.rejects(store.users.create(randomName("unknown"), owner), { code: "not_found" });
      await assert.rejects(store.users.update(tenantId, "usr_1", { disabled: true }), { code: "last_owner" });
      await assert.rejects(store.users.remove(tenantId, "usr_1"), { code: "last_owner" });
      await store.users.create(tenantId, { ...owner, id: "usr_2", email: "b@example.com" });
      await store.users.update(tenantId, "usr_2", { disabled: true });
      assert.deepEqual(
        new Map((await known()).map(({ id, disabled }) => [id, disabled])),
        new Map([
          ["usr_1", false],
          ["usr_2", true],
        ]),
      );
      await assert.rejects(
        store.users.remove(tenantId, "usr_1"),
        { code: "last_owner" },
        "a disabled one does not count",
      );
      await store.users.update(tenantId, "usr_2", { disabled: false });
      const key = { id: "key_1", name: "One", prefix: "x", hash: randomBytes(32), userId: "usr_1" };
      await store.apiKeys.create(tenantId, key);
      await assert.rejects(store.apiKeys.create(tenantId, { ...key, id: "key_2", userId: "usr_none" }), {
        code: "not_found",
        param: "userId",
      });
      assert.equal(await store.users.remove(tenantId, "usr_1"), true);
      assert.equal(await store.users.remove(tenantId, "usr_1"), false);
      const left = await store.apiKeys.get(tenantId, "key_1");
      assert.ok(left?.revokedAt && left.userId === null);
    },
  ],
  [
    "a tenant is made with its first key, or not at all",
    async (store) => {
      const tenantId = randomName("made");
      const key = { id: "key_1", name: "One", prefix: "x", hash: randomBytes(32), role: "owner" as const };
      await store.tenants.create(tenantId, "Made", key);
      await assert.rejects(store.tenants.create(tenantId, "Again", { ...key, id: "key_2" }), { code: "conflict" });
      assert.deepEqual(
        (await store.apiKeys.list(tenantId)).map(({ id, role }) => [id, role]),
        [["key_1", "owner"]],
      );
      const listed = (await store.directory.tenants()).find((tenant) => tenant.tenantId === tenantId);
      assert.equal(listed?.name, "Made");
      assert.ok((await store.directory.tenants(tenantId)).every((tenant) => tenant.tenantId > tenantId));
    },
  ],
];
