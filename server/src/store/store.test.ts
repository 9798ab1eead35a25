import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createStore } from "./create-store.ts";
import type { Store } from "./store.ts";
import { AGENT_CHECKS } from "./testing/agent-checks.ts";
import { ACCESS_CHECKS } from "./testing/access-checks.ts";
import { BACKENDS, later, randomName } from "./testing/databases.ts";

const bounds = (limit: number) => ({ limit, bytes: 1_000_000 });
const bytes = (content: string): Uint8Array => Buffer.from(content, "utf8");
const texts = (messages: readonly { readonly content: Uint8Array }[]): string[] =>
  messages.map((message) => Buffer.from(message.content).toString("utf8"));
const message = (id: string, content = id) => ({ id, role: "user" as const, content: bytes(content) });
const recent = (date: Date): boolean => Math.abs(Date.now() - date.getTime()) < 60_000;

const keysVersion = async (store: Store): Promise<number> => (await store.directory.versions()).keys;
const routesVersion = async (store: Store): Promise<number> => (await store.directory.versions()).routes;

type Check = (store: Store, tenantId: string) => Promise<void>;

const CHECKS: readonly (readonly [string, Check])[] = [
  [
    "a tenant is made once, also by a crowd, and keeps its first name",
    async (store) => {
      const tenantId = randomName("crowd");
      await Promise.all(Array.from({ length: 10 }, () => store.tenants.ensure(tenantId, "Name")));
      await store.tenants.ensure(tenantId, "Other");
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
    },
  ],
  [
    "keys at vendors are put, replaced, told by version, listed without themselves and removed once",
    async (store, tenantId) => {
      const version = async (): Promise<number> => (await store.directory.versions()).providerKeys;
      const own = async () => (await store.directory.providerKeys()).filter((key) => key.tenantId === tenantId);
      const before = await version();
      const put = await store.providerKeys.put(tenantId, {
        provider: "openai",
        version: "v1",
        sealed: bytes("one"),
        last4: "abcd",
      });
      assert.deepEqual({ ...put, updatedAt: undefined }, { provider: "openai", last4: "abcd", updatedAt: undefined });
      assert.ok(recent(put.updatedAt));
      assert.ok((await version()) > before);
      await store.providerKeys.put(tenantId, { provider: "openai", version: "v2", sealed: bytes("two"), last4: "" });
      assert.deepEqual(await own(), [{ tenantId, provider: "openai", version: "v2" }]);
      assert.equal(await store.providerKeys.sealed(tenantId, "openai", "v1"), undefined);
      const sealed = await store.providerKeys.sealed(tenantId, "openai", "v2");
      assert.deepEqual(Buffer.from(sealed ?? []).toString(), "two");
      assert.equal(await store.providerKeys.sealed(randomName("other"), "openai", "v2"), undefined);
      assert.deepEqual(
        (await store.providerKeys.list(tenantId)).map(({ provider, last4 }) => [provider, last4]),
        [["openai", ""]],
      );
      assert.equal(await store.providerKeys.remove(tenantId, "openai"), true);
      assert.equal(await store.providerKeys.remove(tenantId, "openai"), false);
      assert.deepEqual(await own(), []);
      const nobody = store.providerKeys.put(randomName("none"), {
        provider: "openai",
        version: "v",
        sealed: bytes("x"),
        last4: "",
      });
      await assert.rejects(nobody, { code: "not_found" });
    },
  ],
  [
    "API keys are made, listed newest first and revoked once",
    async (store, tenantId) => {
      const hash = randomBytes(32);
      const made = await store.apiKeys.create(tenantId, { id: "key_1", name: "One", prefix: "slip_abcde", hash });
      assert.deepEqual(
        { ...made, hash: undefined, createdAt: undefined },
        {
          id: "key_1",
          name: "One",
          prefix: "slip_abcde",
          hash: undefined,
          role: "developer",
          scopes: null,
          expiresAt: null,
          userId: null,
          lastUsedAt: null,
          rotatedAt: null,
          previousExpiresAt: null,
          createdAt: undefined,
          revokedAt: null,
        },
      );
      assert.ok(recent(made.createdAt));
      assert.equal(Buffer.compare(made.hash, hash), 0);
      await store.apiKeys.create(tenantId, { id: "key_2", name: "Two", prefix: "slip_fghij", hash: randomBytes(32) });
      assert.deepEqual(
        (await store.apiKeys.list(tenantId)).map((key) => key.id),
        ["key_2", "key_1"],
      );
      assert.equal(await store.apiKeys.revoke(tenantId, "key_1"), true);
      const [, revoked] = await store.apiKeys.list(tenantId);
      assert.ok(revoked?.revokedAt && recent(revoked.revokedAt));
      assert.equal(await store.apiKeys.revoke(tenantId, "key_1"), true);
      assert.deepEqual((await store.apiKeys.list(tenantId))[1]?.revokedAt, revoked.revokedAt);
      assert.equal(await store.apiKeys.revoke(tenantId, "key_none"), false);
    },
  ],
  [
    "an API key with a taken id is a conflict, one of an unknown tenant is not found",
    async (store, tenantId) => {
      const key = { id: "key_1", name: "One", prefix: "slip_abcde", hash: randomBytes(32) };
      await store.apiKeys.create(tenantId, key);
      await assert.rejects(store.apiKeys.create(tenantId, key), { code: "conflict" });
      await assert.rejects(store.apiKeys.create(randomName("unknown"), key), { code: "not_found" });
    },
  ],
  [
    "a route is made, replaced and removed; the directory knows it, and its version grows with each of these and nothing else",
    async (store, tenantId) => {
      const own = async () => (await store.directory.routes()).filter((route) => route.tenantId === tenantId);
      const before = await routesVersion(store);
      const made = await store.routes.put(tenantId, "chat", { strategy: "price" });
      assert.deepEqual([made.name, made.spec, made.created], ["chat", { strategy: "price" }, true]);
      const replaced = await store.routes.put(tenantId, "chat", { strategy: "latency" });
      assert.deepEqual([replaced.spec, replaced.created], [{ strategy: "latency" }, false]);
      assert.deepEqual(
        (await store.routes.list(tenantId)).map(({ spec }) => spec),
        [{ strategy: "latency" }],
      );
      assert.deepEqual(await own(), [{ tenantId, spec: { strategy: "latency" } }]);
      const changed = await routesVersion(store);
      assert.ok(changed >= before + 2);
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      assert.equal(await routesVersion(store), changed);
      assert.equal(await store.routes.remove(tenantId, "chat"), true);
      assert.equal(await store.routes.remove(tenantId, "chat"), false);
      assert.deepEqual(await own(), []);
      assert.ok((await routesVersion(store)) > changed);
      await assert.rejects(store.routes.put(randomName("unknown"), "chat", {}), { code: "not_found" });
    },
  ],
  [
    "the directory knows the active keys, and its version grows with every change of a key and with nothing else",
    async (store, tenantId) => {
      const own = async () => (await store.directory.activeKeys()).filter((key) => key.tenantId === tenantId);
      const hash = randomBytes(32);
      const before = await keysVersion(store);
      await store.apiKeys.create(tenantId, { id: "key_1", name: "One", prefix: "slip_abcde", hash });
      const made = await keysVersion(store);
      assert.ok(made > before);
      const [known, ...others] = await own();
      assert.deepEqual([known?.keyId, known?.name, others.length], ["key_1", "One", 0]);
      assert.equal(Buffer.compare(known?.hash ?? bytes(""), hash), 0);
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      await store.apiKeys.revoke(tenantId, "key_none");
      assert.equal(await keysVersion(store), made);
      await store.apiKeys.revoke(tenantId, "key_1");
      const revoked = await keysVersion(store);
      assert.ok(revoked > made);
      assert.deepEqual(await own(), []);
      await store.apiKeys.revoke(tenantId, "key_1");
      assert.equal(await keysVersion(store), revoked);
    },
  ],
  [
    "of two wrapped keys the first stays, and both callers are told that one",
    async (store, tenantId) => {
      assert.equal(await store.subjects.wrappedKey(tenantId, "tenant"), undefined);
      const answers = await Promise.all(
        ["a", "b", "c"].map((key) => store.subjects.putWrappedKey(tenantId, "tenant", bytes(key))),
      );
      const stored = await store.subjects.wrappedKey(tenantId, "tenant");
      assert.ok(stored);
      for (const answer of answers) assert.equal(Buffer.compare(answer, stored), 0);
      await store.subjects.putWrappedKey(tenantId, "other", bytes("d"));
      assert.equal(texts([{ content: (await store.subjects.wrappedKey(tenantId, "other")) ?? bytes("") }])[0], "d");
      await assert.rejects(store.subjects.putWrappedKey(randomName("unknown"), "tenant", bytes("a")), {
        code: "not_found",
      });
    },
  ],
  [
    "threads are made, found and listed newest first in pages",
    async (store, tenantId) => {
      for (const id of ["thr_2", "thr_1", "thr_3"]) {
        const made = await store.threads.create(tenantId, { id, agent: id === "thr_2" ? "greeter" : null });
        assert.deepEqual([made.id, made.agent], [id, id === "thr_2" ? "greeter" : null]);
        assert.deepEqual(made.createdAt, made.updatedAt);
        assert.deepEqual(await store.threads.get(tenantId, id), made);
      }
      const ids = async (page: { limit: number; cursor?: string }) =>
        (await store.threads.list(tenantId, page)).map((thread) => thread.id);
      assert.deepEqual(await ids({ limit: 2 }), ["thr_3", "thr_2"]);
      assert.deepEqual(await ids({ limit: 2, cursor: "thr_2" }), ["thr_1"]);
      assert.deepEqual(await ids({ limit: 2, cursor: "thr_1" }), []);
      assert.equal(await store.threads.get(tenantId, "thr_none"), undefined);
      assert.equal(await store.threads.get(tenantId, "thr_\0"), undefined);
      await assert.rejects(store.threads.create(tenantId, { id: "thr_1", agent: null }), { code: "conflict" });
    },
  ],
  [
    "ids are ordered by their bytes, whatever the database's language",
    async (store, tenantId) => {
      for (const id of ["a", "B", "b", "A", "_"]) await store.threads.create(tenantId, { id, agent: null });
      const listed = await store.threads.list(tenantId, { limit: 10 });
      assert.deepEqual(
        listed.map((thread) => thread.id),
        ["b", "a", "_", "B", "A"],
      );
    },
  ],
  [
    "messages keep their order within an append and between appends, and touch their thread",
    async (store, tenantId) => {
      const thread = await store.threads.create(tenantId, { id: "thr_1", agent: null });
      await store.messages.append(tenantId, "thr_1", [message("m9"), message("m1"), message("m5")]);
      await store.messages.append(tenantId, "thr_1", [
        { id: "m0", role: "assistant", content: new Uint8Array([0, 255, 92]) },
      ]);
      const all = await store.messages.list(tenantId, "thr_1", bounds(10));
      assert.deepEqual(
        all.map((stored) => stored.id),
        ["m9", "m1", "m5", "m0"],
      );
      assert.deepEqual([...(all[3]?.content ?? [])], [0, 255, 92]);
      assert.equal(all[3]?.role, "assistant");
      const touched = await store.threads.get(tenantId, "thr_1");
      assert.ok(touched && touched.updatedAt > thread.updatedAt);
    },
  ],
  [
    "messages are paged after a cursor, and the latest come oldest first",
    async (store, tenantId) => {
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      await store.messages.append(
        tenantId,
        "thr_1",
        ["e", "d", "c", "b", "a"].map((id) => message(id)),
      );
      const page = async (cursor?: string) =>
        texts(await store.messages.list(tenantId, "thr_1", { ...bounds(2), ...(cursor !== undefined && { cursor }) }));
      assert.deepEqual(await page(), ["e", "d"]);
      assert.deepEqual(await page("d"), ["c", "b"]);
      assert.deepEqual(await page("b"), ["a"]);
      assert.deepEqual(await page("none"), []);
      const within = async (most: number) =>
        texts(await store.messages.list(tenantId, "thr_1", { limit: 4, bytes: most, cursor: "e" }));
      assert.deepEqual([await within(0), await within(1), await within(2)], [["d"], ["d", "c"], ["d", "c", "b"]]);
      assert.deepEqual(texts(await store.messages.latest(tenantId, "thr_1", bounds(3))), ["c", "b", "a"]);
      assert.deepEqual(texts(await store.messages.latest(tenantId, "thr_1", bounds(99))), ["e", "d", "c", "b", "a"]);
      const newest = async (most: number) =>
        texts(await store.messages.latest(tenantId, "thr_1", { limit: 3, bytes: most }));
      assert.deepEqual([await newest(0), await newest(1), await newest(9)], [["a"], ["b", "a"], ["c", "b", "a"]]);
    },
  ],
  [
    "a message that is there already is not written again and touches nothing; new ones beside it are",
    async (store, tenantId) => {
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      await store.messages.append(tenantId, "thr_1", [message("a", "first")]);
      const before = await store.threads.get(tenantId, "thr_1");
      await store.messages.append(tenantId, "thr_1", [message("a", "second")]);
      assert.deepEqual(await store.threads.get(tenantId, "thr_1"), before);
      await store.messages.append(tenantId, "thr_1", [
        message("a", "third"),
        message("b", "new"),
        message("b", "twice"),
      ]);
      assert.deepEqual(texts(await store.messages.list(tenantId, "thr_1", bounds(9))), ["first", "new"]);
    },
  ],
  [
    "appends to one thread at once all arrive, each in one piece",
    async (store, tenantId) => {
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      const crowd = Array.from({ length: 20 }, (_, n) =>
        store.messages.append(tenantId, "thr_1", [message(`${n}-a`), message(`${n}-b`), message(`${n}-c`)]),
      );
      await Promise.all(crowd);
      const ids = (await store.messages.list(tenantId, "thr_1", bounds(100))).map((stored) => stored.id);
      assert.equal(ids.length, 60);
      for (let at = 0; at < 60; at += 3) {
        const n = ids[at]?.split("-")[0];
        assert.deepEqual(ids.slice(at, at + 3), [`${n}-a`, `${n}-b`, `${n}-c`]);
      }
    },
  ],
  [
    "messages of a thread that is not there are thread_not_found, and none is kept",
    async (store, tenantId) => {
      await assert.rejects(store.messages.append(tenantId, "thr_none", [message("a")]), { code: "thread_not_found" });
      assert.deepEqual(await store.messages.list(tenantId, "thr_none", bounds(9)), []);
      assert.deepEqual(await store.messages.latest(tenantId, "thr_none", bounds(9)), []);
    },
  ],
  [
    "a run starts, ends once, and keeps how it ended",
    async (store, tenantId) => {
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      const usage = { input: 1, cachedRead: 2, cacheWrite: 3, output: 2 ** 40, reasoning: 5 };
      const none = { input: 0, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
      const started = await store.runs.create(tenantId, {
        id: "run_1",
        agent: "greeter",
        agentVersion: null,
        threadId: "thr_1",
      });
      assert.deepEqual(started, {
        id: "run_1",
        agent: "greeter",
        agentVersion: null,
        threadId: "thr_1",
        status: "running",
        output: null,
        error: null,
        steps: 0,
        usage: none,
        createdAt: started.createdAt,
        finishedAt: null,
      });
      const end = { status: "completed", output: bytes("done"), error: null, steps: 3, usage } as const;
      await store.runs.finish(tenantId, "run_1", end);
      await store.runs.finish(tenantId, "run_1", {
        ...end,
        status: "failed",
        error: { code: "internal", message: "late" },
      });
      const ended = await store.runs.get(tenantId, "run_1");
      assert.deepEqual([ended?.status, ended?.error, ended?.steps, ended?.usage], ["completed", null, 3, usage]);
      assert.ok(ended?.finishedAt && recent(ended.finishedAt));
      assert.equal(texts([{ content: ended.output ?? bytes("") }])[0], "done");
    },
  ],
  [
    "a failed run keeps its error, and a run needs its thread and an id of its own",
    async (store, tenantId) => {
      await store.threads.create(tenantId, { id: "thr_1", agent: null });
      const run = { id: "run_1", agent: "greeter", agentVersion: null, threadId: "thr_1" };
      const usage = { input: 0, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
      await store.runs.create(tenantId, run);
      const error = { code: "agent_failed", message: "x".repeat(5000) };
      await store.runs.finish(tenantId, "run_1", { status: "failed", output: null, error, steps: 1, usage });
      const ended = await store.runs.get(tenantId, "run_1");
      assert.deepEqual([ended?.error?.code, ended?.error?.message.length], ["agent_failed", 2000]);
      await assert.rejects(store.runs.create(tenantId, run), { code: "conflict" });
      await assert.rejects(store.runs.create(tenantId, { ...run, id: "run_2", threadId: "none" }), {
        code: "thread_not_found",
      });
      assert.equal(await store.runs.get(tenantId, "run_none"), undefined);
    },
  ],
  [
    "a tenant's verbs find nothing of another tenant that uses the same ids",
    async (store, tenantId) => {
      const other = randomName("other");
      await store.tenants.ensure(other, "Other");
      await store.threads.create(other, { id: "thr_1", agent: null });
      await store.messages.append(other, "thr_1", [message("a")]);
      await store.runs.create(other, { id: "run_1", agent: "greeter", agentVersion: null, threadId: "thr_1" });
      await store.apiKeys.create(other, { id: "key_1", name: "One", prefix: "slip_abcde", hash: randomBytes(32) });
      await store.subjects.putWrappedKey(other, "tenant", bytes("k"));
      assert.equal(await store.threads.get(tenantId, "thr_1"), undefined);
      assert.deepEqual(await store.threads.list(tenantId, { limit: 9 }), []);
      assert.deepEqual(await store.messages.list(tenantId, "thr_1", bounds(9)), []);
      assert.deepEqual(await store.messages.latest(tenantId, "thr_1", bounds(9)), []);
      await assert.rejects(store.messages.append(tenantId, "thr_1", [message("b")]), { code: "thread_not_found" });
      assert.equal(await store.runs.get(tenantId, "run_1"), undefined);
      await assert.rejects(
        store.runs.create(tenantId, { id: "run_2", agent: "greeter", agentVersion: null, threadId: "thr_1" }),
        {
          code: "thread_not_found",
        },
      );
      assert.deepEqual(await store.apiKeys.list(tenantId), []);
      assert.equal(await store.apiKeys.revoke(tenantId, "key_1"), false);
      assert.equal(await store.subjects.wrappedKey(tenantId, "tenant"), undefined);
      await store.threads.create(tenantId, { id: "thr_1", agent: "own" });
      assert.equal((await store.threads.get(other, "thr_1"))?.agent, null);
    },
  ],
];

for (const backend of BACKENDS) {
  test(`the store on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    for (const [name, check] of [...CHECKS, ...ACCESS_CHECKS, ...AGENT_CHECKS]) {
      await t.test(name, async () => {
        const tenantId = randomName("tenant");
        await store.tenants.ensure(tenantId, "A tenant");
        await check(store, tenantId);
      });
    }
  });
}
