import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import { createChangeFeed } from "./change-feed.ts";
import { createStore } from "./create-store.ts";
import type { DirectoryVersions } from "./directory.ts";
import { BACKENDS, later, run } from "./testing/databases.ts";

const NEVER_MS = 3_600_000;

test("who asks while a look runs waits for one that begins after it, and all who ask meanwhile share that one", async (t) => {
  let looks = 0;
  let answer: (() => void) | undefined;
  const feed = createChangeFeed({
    versions: () => {
      looks += 1;
      return new Promise(
        (resolve) =>
          (answer = () => resolve({ keys: looks, routes: 0, providerKeys: 0, limits: 0, agents: 0, sessions: 0 })),
      );
    },
    followers: [],
    listen: () => ({ close: () => {} }),
    pollMs: NEVER_MS,
    onFailure: () => {},
  });
  t.after(() => feed.close());
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const first = feed.refresh();
  await turn();
  const others = [feed.refresh(), feed.refresh(), feed.refresh()];
  await turn();
  assert.equal(looks, 1);
  answer?.();
  await first;
  await turn();
  assert.equal(looks, 2);
  answer?.();
  await Promise.all(others);
  assert.equal(looks, 2);
});

test("a look that fails is told and tried again; those who follow keep what they had", async (t) => {
  let fails = false;
  const failures: unknown[] = [];
  const seen: number[] = [];
  const feed = createChangeFeed({
    versions: () =>
      fails
        ? Promise.reject(new Error("away"))
        : Promise.resolve({ keys: 1, routes: 1, providerKeys: 1, limits: 0, agents: 0, sessions: 0 }),
    followers: [{ follow: ({ keys }) => Promise.resolve(void seen.push(keys)) }],
    listen: () => ({ close: () => {} }),
    pollMs: 5,
    onFailure: (error) => void failures.push(error),
  });
  t.after(() => feed.close());
  await feed.refresh();
  fails = true;
  while (failures.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  fails = false;
  const before = seen.length;
  while (seen.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
});

interface Watched {
  readonly seen: () => DirectoryVersions;
  /** Whether it comes to pass within `forMs`; half a minute unless told. */
  until(condition: (versions: DirectoryVersions) => boolean, forMs?: number): Promise<boolean>;
}

/** A feed on this store, by message, by looking, by both or by neither. */
async function watch(
  t: TestContext,
  store: ReturnType<typeof createStore>,
  by: { readonly message: boolean; readonly pollMs: number },
): Promise<Watched> {
  let last: DirectoryVersions = { keys: 0, routes: 0, providerKeys: 0, limits: 0, agents: 0, sessions: 0 };
  const listening = Promise.withResolvers<void>();
  if (!by.message) listening.resolve();
  const feed = createChangeFeed({
    versions: () => store.directory.versions(),
    followers: [{ follow: (versions) => Promise.resolve(void (last = versions)) }],
    listen: (changed) => {
      if (!by.message) return { close: () => {} };
      return store.listen({
        changed: () => {
          listening.resolve();
          changed();
        },
        lost: () => {},
      });
    },
    pollMs: by.pollMs,
    onFailure: () => {},
  });
  later(t, () => feed.close());
  await feed.refresh();
  await listening.promise;
  return {
    seen: () => last,
    async until(condition, forMs = 30_000) {
      for (let waited = 0; waited < forMs; waited += 10) {
        if (condition(last)) return true;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return false;
    },
  };
}

for (const backend of BACKENDS) {
  test(`changes of keys and routes are seen on ${backend.name}: by message where there are messages, by looking everywhere`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    await store.tenants.ensure("t", "T");
    const change = async (): Promise<void> => {
      await store.routes.put("t", `r${randomBytes(4).toString("hex")}`, {});
      const id = `key_${randomBytes(4).toString("hex")}`;
      await store.apiKeys.create("t", { id, name: "x", prefix: "x", hash: randomBytes(32) });
    };
    const seesChange = async (
      by: { readonly message: boolean; readonly pollMs: number },
      forMs?: number,
    ): Promise<boolean> => {
      const watched = await watch(t, store, by);
      const { keys, routes } = watched.seen();
      await change();
      return watched.until((now) => now.keys > keys && now.routes > routes, forMs);
    };
    assert.equal(await seesChange({ message: false, pollMs: 20 }), true, "by looking");
    assert.equal(await seesChange({ message: false, pollMs: NEVER_MS }, 1000), false, "control: by neither");
    if (backend.name === "embedded") return;
    assert.equal(await seesChange({ message: true, pollMs: NEVER_MS }), true, "by message");

    // A connection that is cut is made again, and what was changed meanwhile is seen.
    const cut = await watch(t, store, { message: true, pollMs: NEVER_MS });
    const before = cut.seen();
    await run(
      database.owner,
      "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen slipway_changes' and datname = current_database()",
    );
    await change();
    assert.equal(await cut.until(({ keys }) => keys > before.keys), true, "after the connection was cut");
    const again = cut.seen();
    await change();
    assert.equal(await cut.until(({ keys }) => keys > again.keys), true, "on the connection that replaced it");
  });
}
