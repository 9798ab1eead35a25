import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "#store/create-store.ts";
import { BACKENDS, later, randomName } from "#store/testing/databases.ts";
import { callerOf } from "./grants.ts";
import { declare } from "./testing.ts";

const issuer = declare("https://id.example");
const NAMES: readonly (readonly [name: unknown, shown: string])[] = [
  ["Ada", "Ada"],
  ["A\0da", "Ada"],
  ["\0", "sub-1"],
  [7, "sub-1"],
  ["Ada \ud83d", "Ada \ufffd"],
  [`${"a".repeat(199)}😀`, `${"a".repeat(199)}\ufffd`],
];

for (const backend of BACKENDS) {
  test(`whatever name a token carries, the row of a session holds it (${backend.name})`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    const tenantId = randomName("tenant");
    await store.tenants.ensure(tenantId, "T");
    const keep = (name: string, n: number): Promise<void> => {
      const until = new Date(Date.now() + 60_000);
      const row = { id: `ses_${n}`, tokenHash: Buffer.alloc(32, n), owner: "o", caller: { name } };
      return store.sessions.create(tenantId, { ...row, idleUntil: until, expiresAt: until }, 20);
    };
    for (const [at, [name, shown]] of NAMES.entries()) {
      const { displayName } = callerOf(issuer, { sub: "sub-1", name });
      assert.equal(displayName, shown);
      await keep(displayName, at + 1);
    }
    // Control: the database takes none of them as the token has it.
    for (const raw of ["A\0da", "Ada \ud83d"]) await assert.rejects(keep(raw, 99), { code: "internal" });
  });
}
test("a token whose names are nothing that can be shown has one all the same", () => {
  assert.equal(callerOf(issuer, { sub: "\0" }).displayName, "-");
});
