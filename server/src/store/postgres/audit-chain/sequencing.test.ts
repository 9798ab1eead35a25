import assert from "node:assert/strict";
import { test } from "node:test";
import { firstChainHash } from "@slipway/contracts/audit/entry.ts";
import { sha256 } from "#lib/sha256.ts";
import type { NewAuditRecord } from "../../audit-records.ts";
import { createStore } from "../../create-store.ts";
import { BACKENDS, connect, later, randomName } from "../../testing/databases.ts";
import { planOf, rowsRead } from "../../testing/plans.ts";
import { auditLog, lastPosition } from "../audit-records/log.ts";
import type { Statement } from "../sql.ts";
import { retirableLogs } from "./retention.ts";
import { chainStretch, placeRecords } from "./sequencing.ts";
import { appendRecords } from "../../testing/append.ts";

const LOG = 2_400;
const PAGE = 400;

function record(tenantId: string, number: number): NewAuditRecord {
  return {
    id: `aud_${String(number).padStart(26, "0")}`,
    tenantId,
    actor: "key:key_1",
    action: "model.call",
    target: "openai/gpt-4o-mini",
    outcome: "ok",
    code: null,
    requestId: `req_${number}`,
    release: "1.0.0",
    at: new Date(1_790_000_000_000 + number),
    cost: 1,
    clientIp: null,
    level: "metadata",
  };
}

for (const backend of BACKENDS) {
  test(`to give a page of records their places, no other record of the log is read, on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const store = createStore({ connection: database.connection });
    later(t, () => store.close());
    const tenantId = randomName("log");
    const all = Array.from({ length: LOG + PAGE }, (_, number) => record(tenantId, number));
    for (let at = 0; at < LOG; at += PAGE) await appendRecords(store, all.slice(at, at + PAGE));
    const [waiting] = await store.auditChain.waiting(LOG);
    assert.equal(waiting?.count, LOG);
    assert.equal(await store.auditChain.place([waiting], 0), LOG);
    await appendRecords(store, all.slice(LOG));

    const owner = await connect(database.owner);
    later(t, () => owner.end());
    // As fresh as statistics can be, and as they are when autovacuum has just looked: the planner then knows the log as a small one.
    await owner.query("analyze slipway.audit_records; analyze slipway.audit_pending; analyze slipway.audit_chain");
    const { text, values } = placeRecords({ tenantId, count: PAGE, oldest: LOG + 1, newest: LOG + PAGE }, LOG);
    const readBy = async (statement: string): Promise<number> => {
      await owner.query(`begin; set local role slipway_app; set local slipway.tenant_id = '${tenantId}'`);
      const plan = await planOf(owner, statement, values);
      await owner.query("rollback");
      return rowsRead(plan, "audit_records");
    };
    assert.equal(await readBy(text), PAGE);
    // The same with a join, for which the planner chooses the way.
    const joined = text.replace(
      /cross join lateral \(select \* from slipway\.audit_records a where a\.tenant_id = (\$\d+) and a\.id = page\.id limit 1\) as r/,
      "join slipway.audit_records r on r.tenant_id = $1 and r.id = page.id",
    );
    assert.notEqual(joined, text);
    assert.ok((await readBy(joined)) > PAGE, "the measure does not see what is read too much");
  });
}

test("the newest position is found without reading the checkpoints, of which there are more every minute", async (t) => {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return;
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  await owner.query(`insert into slipway.audit_checkpoints (tenant_id, size, position, root, chain_hash, peaks, note)
    select 't' || n % 10, n, n, h, h, '', 'note' from generate_series(1, 5000) n, sha256('x') h`);
  await owner.query("analyze slipway.audit_checkpoints; begin; set local role slipway_directory");
  const { text, values } = lastPosition();
  assert.equal((await owner.query<{ position: number }>(text, [...values])).rows[0]?.position, 5000);
  assert.equal(rowsRead(await planOf(owner, text, values), "audit_checkpoints"), 1);
});

test("links that are missing are told of, wherever in a page they were", async (t) => {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return;
  const store = createStore({ connection: database.connection });
  later(t, () => store.close());
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  const tenantId = randomName("log");
  await appendRecords(
    store,
    Array.from({ length: 30 }, (_, number) => record(tenantId, number)),
  );
  assert.equal(await store.auditChain.place(await store.auditChain.waiting(30), 0), 30);
  const ends = new Map([[0, firstChainHash(sha256, tenantId)]]);
  for (const { seq, chainHash } of await store.auditRecords.log(tenantId, 0, 30)) ends.set(seq, chainHash);
  const look = async (seq: number): Promise<readonly number[]> => {
    const chainHash = ends.get(seq) ?? assert.fail();
    const { links, recordHashes } = await store.auditChain.stretch(tenantId, { seq, chainHash }, 10);
    return [links, recordHashes.length / 32];
  };
  const lose = (first: number, last: number) =>
    owner.query(`delete from slipway.audit_chain where tenant_id = '${tenantId}' and seq between ${first} and ${last}`);
  assert.deepEqual(
    [await look(0), await look(20), await look(25), await look(30)],
    [
      [10, 10],
      [10, 10],
      [5, 5],
      [0, 0],
    ],
  );
  await lose(10, 10);
  assert.deepEqual(await look(0), [10, 9], "the last of a page");
  await lose(11, 20);
  assert.deepEqual(await look(10), [1, 0], "a whole page");
  await lose(23, 23);
  assert.deepEqual(await look(20), [9, 2], "one between others");
});

const KNOWN = 100;
const LONG = 20_000;

test("a page of a log that grew since the planner looked at it costs that page, not the log", async (t) => {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return;
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  const grow = async (from: number, to: number): Promise<void> => {
    await owner.query(`insert into slipway.audit_records (tenant_id, id, actor, action, target, outcome, request_id, release, at)
      select 't', 'aud_' || n, 'a', 'b', 'c', 'ok', 'r', '1', now() from generate_series(${from}, ${to}) n`);
    await owner.query(`insert into slipway.audit_chain (tenant_id, seq, position, id, record_hash, chain_hash)
      select 't', n, n, 'aud_' || n, h, h from generate_series(${from}, ${to}) n, sha256('x') h`);
    await owner.query(
      `insert into slipway.audit_pending (tenant_id, id) select 't', 'aud_' || n from generate_series(${from}, ${to}) n`,
    );
  };
  // What the planner knows stays as it is told here.
  for (const table of ["audit_records", "audit_chain", "audit_pending"])
    await owner.query(`alter table slipway.${table} set (autovacuum_enabled = false)`);
  const readBy = async ({ text, values }: Statement<unknown>): Promise<number> => {
    await owner.query("begin; set local role slipway_app; set local slipway.tenant_id = 't'");
    const plan = await planOf(owner, text, values);
    await owner.query("rollback");
    return Math.max(...["audit_records", "audit_chain", "audit_pending"].map((table) => rowsRead(plan, table)));
  };
  const look = async (): Promise<void> => {
    // A log's end and a walk over a page twice belong to it.
    const most = 3 * PAGE;
    const end = { seq: 1000, chainHash: Buffer.alloc(32) };
    assert.ok((await readBy(chainStretch("t", end, PAGE))) <= most, "links to sign");
    assert.ok((await readBy(auditLog("t", 1000, 1000 + PAGE))) <= most, "records to export");
    const waiting = { tenantId: "t", count: PAGE, oldest: PAGE + 1, newest: 2 * PAGE };
    assert.ok((await readBy(placeRecords(waiting, LONG))) <= most, "records to give places to");
    const unbounded = auditLog("t", 1000, LONG);
    assert.ok((await readBy(unbounded)) > most, "the measure does not see what is read too much");
  };
  await grow(1, LONG);
  await look();
  await owner.query("truncate slipway.audit_records, slipway.audit_chain, slipway.audit_pending restart identity");
  await grow(1, KNOWN);
  await owner.query("analyze slipway.audit_records; analyze slipway.audit_pending; analyze slipway.audit_chain");
  await grow(KNOWN + 1, LONG);
  await look();
});

test("what may be removed is found without reading the checkpoints whose records are gone or too young", async (t) => {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return;
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  // Of each of two logs the first 2,000 records are gone, and 600 checkpoints of what is left are old enough.
  await owner.query(`insert into slipway.audit_checkpoints (tenant_id, size, position, root, chain_hash, peaks, note, at)
    select 't' || t, n, n, h, h, '', 'note', case when n <= 2600 then now() - interval '40 days' else now() end
    from generate_series(1, 5000) n, generate_series(1, 2) t, sha256('x') h`);
  await owner.query(`insert into slipway.audit_chain (tenant_id, seq, position, id, record_hash, chain_hash)
    select 't' || t, n, 10000 * t + n, 'aud_' || n, h, h from generate_series(2001, 5000) n, generate_series(1, 3) t, sha256('x') h`);
  await owner.query("analyze slipway.audit_checkpoints, slipway.audit_chain; begin; set local role slipway_directory");
  const before = new Date(Date.now() - 30 * 24 * 3_600_000);
  const { text, values } = retirableLogs("t1", 2, { before, below: null });
  const { rows } = await owner.query(text, [...values]);
  assert.deepEqual(rows, [
    { tenantId: "t2", size: 2500, more: true },
    { tenantId: "t3", size: null, more: false },
  ]);
  assert.ok(rowsRead(await planOf(owner, text, values), "audit_checkpoints") <= 501);
});
