import assert from "node:assert/strict";
import { test } from "node:test";
import { createEnvelopes, type WrappedKeys } from "./envelope.ts";
import { masterKeyOf } from "./master-key.ts";

const master = masterKeyOf(Buffer.alloc(32, 1), "environment");
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
const bytes = (content: string): Uint8Array => Buffer.from(content, "utf8");

function memory(): WrappedKeys & { readonly keys: Map<string, Uint8Array>; reads: number; down: boolean } {
  const keys = new Map<string, Uint8Array>();
  const self = {
    keys,
    reads: 0,
    down: false,
    async wrappedKey(tenantId: string, subject: string) {
      self.reads += 1;
      if (self.down) throw new Error("down");
      return keys.get(`${tenantId}/${subject}`);
    },
    async putWrappedKey(tenantId: string, subject: string, wrapped: Uint8Array) {
      const name = `${tenantId}/${subject}`;
      if (!keys.has(name)) keys.set(name, wrapped);
      return keys.get(name) ?? wrapped;
    },
  };
  return self;
}

test("what a tenant sealed opens for that tenant and that thing, after a restart too", async () => {
  const subjects = memory();
  const sealed = await createEnvelopes(master, subjects).seal("t1", bytes("hello"), "message 1");
  const restarted = createEnvelopes(master, subjects);
  assert.equal(text(await restarted.open("t1", sealed, "message 1")), "hello");
  assert.equal(text(await restarted.open("t1", await restarted.seal("t1", bytes(""), "x"), "x")), "");
});

test("another tenant, another thing, a changed byte or a cut end is decryption_failed", async () => {
  const subjects = memory();
  const envelopes = createEnvelopes(master, subjects);
  const sealed = await envelopes.seal("t1", bytes("hello"), "message 1");
  await envelopes.seal("t2", bytes("other"), "message 1");
  const refused = { code: "decryption_failed" };
  await assert.rejects(envelopes.open("t2", sealed, "message 1"), refused);
  await assert.rejects(envelopes.open("t1", sealed, "message 2"), refused);
  await assert.rejects(envelopes.open("t1", new Uint8Array(), "message 1"), refused);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x80, at);
    await assert.rejects(envelopes.open("t1", changed, "message 1"), refused, `byte ${at}`);
    await assert.rejects(envelopes.open("t1", sealed.subarray(0, at), "message 1"), refused, `cut to ${at}`);
  }
});

test("a tenant's key copied to another tenant's row does not open there", async () => {
  const subjects = memory();
  const sealed = await createEnvelopes(master, subjects).seal("t1", bytes("hello"), "m");
  const stolen = subjects.keys.get("t1/tenant");
  assert.ok(stolen);
  subjects.keys.set("t2/tenant", stolen);
  await assert.rejects(createEnvelopes(master, subjects).open("t2", sealed, "m"), {
    code: "decryption_failed",
    message: /data key was changed/,
  });
});

test("the wrong master key is told from tampered data, and names both by their ids", async () => {
  const subjects = memory();
  const sealed = await createEnvelopes(master, subjects).seal("t1", bytes("hello"), "m");
  const wrong = masterKeyOf(Buffer.alloc(32, 2), "environment");
  await assert.rejects(createEnvelopes(wrong, subjects).open("t1", sealed, "m"), {
    code: "decryption_failed",
    message: new RegExp(`another master key \\(${master.id}; this server has ${wrong.id}\\)`),
  });
});

test("a tenant whose key is gone stays unreadable, and reading makes no new key", async () => {
  const subjects = memory();
  const envelopes = createEnvelopes(master, subjects);
  const sealed = await envelopes.seal("t1", bytes("hello"), "m");
  subjects.keys.clear();
  assert.equal(text(await envelopes.open("t1", sealed, "m")), "hello", "still in memory");
  envelopes.forget("t1");
  await assert.rejects(envelopes.open("t1", sealed, "m"), { code: "decryption_failed", message: /key is gone/ });
  assert.equal(subjects.keys.size, 0);
});

test("two servers that make a tenant's key at once read each other's data", async () => {
  const subjects = memory();
  const [a, b] = [createEnvelopes(master, subjects), createEnvelopes(master, subjects)];
  const [fromA, fromB] = await Promise.all([a.seal("t1", bytes("a"), "m"), b.seal("t1", bytes("b"), "m")]);
  assert.equal(text(await b.open("t1", fromA, "m")), "a");
  assert.equal(text(await a.open("t1", fromB, "m")), "b");
});

test("the store is asked once a tenant, also by a crowd, and a failure is not kept", async () => {
  const subjects = memory();
  const envelopes = createEnvelopes(master, subjects);
  subjects.down = true;
  await assert.rejects(envelopes.seal("t1", bytes("x"), "m"), /down/);
  subjects.down = false;
  await Promise.all(Array.from({ length: 50 }, () => envelopes.seal("t1", bytes("x"), "m")));
  assert.equal(subjects.reads, 2);
});

test("the memory of unwrapped keys is bounded and keeps those in use", async () => {
  const subjects = memory();
  const envelopes = createEnvelopes(master, subjects, { maxCachedKeys: 2 });
  for (const tenant of ["a", "b", "a", "c"]) await envelopes.seal(tenant, bytes("x"), "m");
  const before = subjects.reads;
  await envelopes.seal("a", bytes("x"), "m");
  assert.equal(subjects.reads, before, "a was used after b, so b went");
  await envelopes.seal("b", bytes("x"), "m");
  assert.equal(subjects.reads, before + 1);
});
