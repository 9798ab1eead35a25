import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { createEnvelopes } from "#keys/envelope.ts";
import { masterKeyOf } from "#keys/master-key.ts";
import type { Provider } from "#providers/provider.ts";
import type { NewProviderKey, ProviderKeys } from "#store/provider-keys.ts";
import { createRouter } from "../router.ts";
import {
  failWith,
  hear,
  say,
  scriptedProvider,
  testBooks,
  testLog,
  testOrigin,
  testRequest,
  type Turn,
} from "../testing.ts";
import { createKeyChest } from "./key-chest.ts";
import { createOwnKeys } from "./own-keys.ts";

/** A provider that says by which key it is called. */
function keyed(turns: Readonly<Record<string, Turn>> = {}): Provider & { readonly keys: string[] } {
  const keys: string[] = [];
  const of = (key: string): Provider => {
    const scripted = scriptedProvider("openai");
    scripted.script(turns[key] ?? say(`by ${key}`));
    return Object.assign(scripted, { withKey: (other: string) => (keys.push(other), of(other)) });
  };
  return Object.assign(of("server"), { keys });
}

function memory(): ProviderKeys & { readonly rows: Map<string, NewProviderKey> } {
  const rows = new Map<string, NewProviderKey>();
  const at = (tenantId: string, provider: string): string => `${tenantId} ${provider}`;
  return {
    rows,
    put(tenantId, key) {
      rows.set(at(tenantId, key.provider), key);
      return Promise.resolve({ ...key, updatedAt: new Date() });
    },
    list: () => Promise.resolve([]),
    sealed(tenantId, provider, version) {
      const row = rows.get(at(tenantId, provider));
      return Promise.resolve(row?.version === version ? row.sealed : undefined);
    },
    remove: (tenantId, provider) => Promise.resolve(rows.delete(at(tenantId, provider))),
  };
}

function make(turns: Readonly<Record<string, Turn>> = {}, mostOpen = 1000) {
  const store = memory();
  const wrapped = new Map<string, Uint8Array>();
  const subjects = {
    wrappedKey: (tenantId: string) => Promise.resolve(wrapped.get(tenantId)),
    putWrappedKey(tenantId: string, _subject: string, key: Uint8Array) {
      if (!wrapped.has(tenantId)) wrapped.set(tenantId, key);
      return Promise.resolve(wrapped.get(tenantId) ?? key);
    },
  };
  const chest = createKeyChest(store, createEnvelopes(masterKeyOf(Buffer.alloc(32, 1), "environment"), subjects));
  const directory = {
    providerKeys: () =>
      Promise.resolve(
        [...store.rows].map(([name, { provider, version }]) => ({
          tenantId: name.split(" ")[0] ?? "",
          provider,
          version,
        })),
      ),
  };
  const ownKeys = createOwnKeys({ directory, openKey: chest.open, mostOpen });
  const provider = keyed(turns);
  const books = testBooks();
  const router = createRouter({
    ...books,
    log: testLog(),
    providers: new Map([["openai", provider]]),
    ownKeys,
    random: () => 0,
  });
  let version = 0;
  return {
    store,
    chest,
    provider,
    put: async (tenantId: string, key: string): Promise<void> => {
      await chest.put(tenantId, "openai", key);
      await ownKeys.follow({ keys: 0, routes: 0, providerKeys: (version += 1), limits: 0, agents: 0, sessions: 0 });
    },
    remove: async (tenantId: string): Promise<void> => {
      await chest.remove(tenantId, "openai");
      await ownKeys.follow({ keys: 0, routes: 0, providerKeys: (version += 1), limits: 0, agents: 0, sessions: 0 });
    },
    ask: async (tenantId: string): Promise<string> => {
      const origin = { ...testOrigin(), tenantId };
      const { text, error } = await hear((sink) =>
        router.call(router.resolve("gpt-x", tenantId), testRequest("gpt-x"), origin, sink),
      );
      if (error) throw error;
      return text;
    },
  };
}

test("a tenant's calls are made by its own key, and nobody else's", async () => {
  const { put, remove, ask } = make();
  assert.equal(await ask("a"), "by server");
  await put("a", "key-of-a-0123456789");
  assert.equal(await ask("a"), "by key-of-a-0123456789");
  assert.equal(await ask("b"), "by server");
  await put("a", "other-of-a-0123456789");
  assert.equal(await ask("a"), "by other-of-a-0123456789");
  await remove("a");
  assert.equal(await ask("a"), "by server");
});

test("a key is decrypted once, when it is first used, and again only when there was no room for it", async () => {
  const { put, ask, provider } = make({}, 1);
  await put("a", "key-of-a");
  await put("b", "key-of-b");
  assert.deepEqual(provider.keys, []);
  for (const tenant of ["a", "a", "a", "b", "a"]) await ask(tenant);
  assert.deepEqual(provider.keys, ["key-of-a", "key-of-b", "key-of-a"]);
});

test("what is at rest does not hold the key, and opens for its tenant, provider and version only", async () => {
  const { put, store, chest, ask } = make();
  await put("a", "key-of-a-0123456789");
  const row = store.rows.get("a openai");
  assert.ok(row);
  assert.equal(row.last4, "6789");
  assert.ok(!Buffer.from(row.sealed).toString("latin1").includes("key-of-a"));
  assert.equal(await chest.open("a", "openai", row.version), "key-of-a-0123456789");
  // Control: the same row as another tenant's, another provider's, another version's.
  await put("b", "key-of-b-0123456789");
  const own = store.rows.get("b openai");
  assert.ok(own);
  store.rows.set("b openai", { ...row, version: own.version });
  await assert.rejects(chest.open("b", "openai", own.version), { code: "decryption_failed" });
  store.rows.set("a google", { ...row, provider: "google" });
  await assert.rejects(chest.open("a", "google", row.version), { code: "decryption_failed" });
  store.rows.set("a openai", { ...row, version: "pk_other" });
  await assert.rejects(chest.open("a", "openai", "pk_other"), { code: "decryption_failed" });
  // And the server's key does not stand in.
  await assert.rejects(ask("b"), { code: "decryption_failed" });
});

test("a key that the vendor refuses or limits is that tenant's matter: the target stays with the others", async () => {
  for (const [code, told] of [
    ["provider_auth", "provider_key_rejected"],
    ["provider_rate_limited", "provider_key_rate_limited"],
  ] as const) {
    const { put, ask } = make({ "bad-key-of-a": failWith(code, { retryAfter: 60 }) });
    await put("a", "bad-key-of-a");
    for (let turn = 0; turn < 30; turn += 1)
      await assert.rejects(ask("a"), (error) => error instanceof SlipwayError && error.code === told);
    assert.equal(await ask("b"), "by server", code);
  }
});

test("control: the server's own key that is refused as often takes the target from everybody", async () => {
  const { ask } = make({ server: failWith("provider_auth") });
  for (let turn = 0; turn < 30; turn += 1) await assert.rejects(ask("a"));
  await assert.rejects(ask("b"), { code: "provider_unavailable" });
});
