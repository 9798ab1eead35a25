import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import type pg from "pg";
import { BACKENDS, connect, later } from "../testing/databases.ts";
import { planOf, rowsRead } from "../testing/plans.ts";
import { latestCheckpoint, listCheckpoints, unsignedTenants } from "./audit-chain/checkpoints.ts";
import { firstSeq, retireRecords } from "./audit-chain/retention.ts";
import { chainStretch, waitingRecords } from "./audit-chain/sequencing.ts";
import { positionsAfter } from "./audit-records/log.ts";
import { sessionsSince } from "./directory/sessions-since.ts";
import { findRecord } from "./idempotency/find.ts";
import { purgeRecords } from "./idempotency/purge.ts";
import { keptAnswerChain } from "./kept-answers/chain.ts";
import { deleteKeptAnswer } from "./kept-answers/delete.ts";
import { getKeptAnswer } from "./kept-answers/get.ts";
import { putKeptAnswer } from "./kept-answers/put.ts";
import { keptAnswersWithItems } from "./kept-answers/with-items.ts";
import { createSession } from "./sessions/create.ts";
import type { Statement } from "./sql.ts";
import { spentByEach } from "./usage-ledger/spent.ts";

const PAGE = 200;
const LONG = 10_000;
const SMALL_TENANTS = 500;
const KEPT = 20_000;
const PREFIX = "resp_0123456789abcdef01234567";

async function owned(t: TestContext): Promise<pg.Client | undefined> {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return undefined;
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  // Rows alone matter here: what they refer to is not made, and nobody is told of them.
  await owner.query("set session_replication_role = replica");
  return owner;
}

/** Rows of the table that the statement reads, under the role that it is for. */
async function readBy(
  owner: pg.Client,
  role: "slipway_app" | "slipway_directory",
  table: string,
  { text, values }: Statement<unknown>,
): Promise<number> {
  await owner.query(`begin; set local session_replication_role = origin; set local role ${role};
    set local slipway.tenant_id = 't'`);
  const plan = await planOf(owner, text, values);
  await owner.query("rollback");
  return rowsRead(plan, table);
}

/** A log of `t`, and small ones. */
async function fillLogs(owner: pg.Client): Promise<void> {
  const rows = `(select 't' as tenant, n, n as position from generate_series(1, ${LONG}) n
    union all select 's' || n % ${SMALL_TENANTS}, n / ${SMALL_TENANTS} + 1, ${LONG} + 1 + n from generate_series(0, ${LONG - 1}) n) as log`;
  await owner.query(`insert into slipway.audit_chain (tenant_id, seq, position, id, record_hash, chain_hash)
    select tenant, n, position, 'aud_' || position, h, h from ${rows}, sha256('x') h`);
  await owner.query(`insert into slipway.audit_checkpoints (tenant_id, size, position, root, chain_hash, peaks, note)
    select tenant, n, position, h, h, '', 'note' from ${rows}, sha256('x') h`);
  await owner.query(`insert into slipway.audit_pending (tenant_id, id) select tenant, 'new_' || position from ${rows}`);
  await owner.query(`insert into slipway.sessions (tenant_id, id, token_hash, owner, caller, idle_until, expires_at, change)
    select tenant, 'ses_' || position, h, 'user:u', '{}', now() + interval '1 h', now() + interval '1 h', position
    from ${rows}, sha256('x') h`);
}

test("what the directory asks of what grows costs the page that it asks for", async (t) => {
  const owner = await owned(t);
  if (!owner) return;
  await fillLogs(owner);
  const directory = "slipway_directory";
  for (const statistics of ["none", "fresh"]) {
    if (statistics === "fresh")
      await owner.query(
        "analyze slipway.audit_chain, slipway.audit_checkpoints, slipway.audit_pending, slipway.sessions",
      );
    const told = `with ${statistics} statistics`;
    assert.ok((await readBy(owner, directory, "audit_pending", waitingRecords(PAGE))) <= PAGE, `waiting ${told}`);
    const after = positionsAfter(LONG / 2, PAGE);
    assert.ok((await readBy(owner, directory, "audit_chain", after)) <= PAGE, `positions ${told}`);
    const changed = sessionsSince(LONG / 2, PAGE);
    assert.ok((await readBy(owner, directory, "sessions", changed)) <= PAGE, `sessions ${told}`);
    // Of each tenant its beginning and its end.
    const unsigned = await readBy(owner, directory, "audit_chain", unsignedTenants("", 1000));
    assert.ok(unsigned <= 3 * (SMALL_TENANTS + 1), `unsigned logs ${told}: ${unsigned}`);
  }
});

test("a page of a tenant's checkpoints, and the newest, cost no more", async (t) => {
  const owner = await owned(t);
  if (!owner) return;
  await fillLogs(owner);
  await owner.query("analyze slipway.audit_checkpoints");
  assert.equal(await readBy(owner, "slipway_app", "audit_checkpoints", latestCheckpoint("t")), 1);
  assert.equal(await readBy(owner, "slipway_app", "audit_checkpoints", listCheckpoints("t", 1000, PAGE)), PAGE);
});

test("of a tenant that the planner has never heard of, nothing is read again for each of its rows", async (t) => {
  const owner = await owned(t);
  if (!owner) return;
  const count = 1500;
  const fill = async (tenant: string, from: number, to: number): Promise<void> => {
    const rows = `generate_series(${from}, ${to}) n, sha256('x') h`;
    const old = "now() - interval '30 days'";
    await owner.query(`insert into slipway.audit_records (tenant_id, id, actor, action, target, outcome, request_id, release, at, written_at)
      select '${tenant}', 'aud_' || n, 'a', 'b', 'c', 'ok', 'r', '1', ${old}, ${old} from ${rows}`);
    await owner.query(`insert into slipway.audit_chain (tenant_id, seq, position, id, record_hash, chain_hash, sequenced_at)
      select '${tenant}', n, n, 'aud_' || n, h, h, ${old} from ${rows}`);
    await owner.query(`insert into slipway.kept_answers (tenant_id, id, item_ids, content, expires_at)
      select '${tenant}', 'resp_' || n, '{}', '', now() + interval '1 h' from ${rows}`);
    await owner.query(`insert into slipway.idempotency_records (tenant_id, key_hash, fingerprint, owner, leased_until, expires_at)
      select '${tenant}', sha256(n::text::bytea), h, 'o', now(), now() - n % 2 * interval '1 h' from ${rows}`);
    await owner.query(`insert into slipway.sessions (tenant_id, id, token_hash, owner, caller, idle_until, expires_at)
      select '${tenant}', 'ses_' || n, h, 'user:' || n % 50, '{}', now() + interval '1 h', now() + interval '1 h' from ${rows}`);
  };
  const tables = ["audit_records", "audit_chain", "kept_answers", "idempotency_records", "sessions"];
  for (const table of tables) await owner.query(`alter table slipway.${table} set (autovacuum_enabled = false)`);
  await owner.query("insert into slipway.tenants (tenant_id, name) values ('t', 't')");
  await fill("other", 10_001, 10_100);
  await owner.query(`analyze ${tables.map((table) => `slipway.${table}`).join(", ")}`);
  await fill("t", 1, count);

  const later1h = new Date(Date.now() + 3_600_000);
  const read = (table: string, statement: Statement<unknown>) => readBy(owner, "slipway_app", table, statement);
  const retire = retireRecords("t", count, PAGE);
  assert.ok((await read("audit_chain", retire)) <= 3 * PAGE, "places that are removed");
  assert.ok((await read("audit_records", retire)) <= 2 * count, "records that are removed");
  assert.ok((await read("audit_chain", firstSeq("t"))) <= 1, "the first place");
  const end = { seq: count - PAGE / 2, chainHash: Buffer.alloc(32) };
  assert.ok((await read("audit_chain", chainStretch("t", end, PAGE))) <= 2 * PAGE, "a log's last links");
  const kept = { id: "new", previousId: null, itemIds: [], content: Buffer.from("x"), expiresAt: later1h };
  assert.ok((await read("kept_answers", putKeptAnswer("t", kept))) <= 3 * count, "an answer that is kept");
  assert.ok((await read("idempotency_records", purgeRecords("t"))) <= 3 * count, "records that have expired");
  const hash = Buffer.alloc(32);
  const session = { id: "new", tokenHash: hash, owner: "user:7", caller: {}, idleUntil: later1h, expiresAt: later1h };
  assert.ok((await read("sessions", createSession("t", session, 20))) <= 5 * count, "a session that begins");
});

/**
 * Answers and idempotency records of `t`, whom the planner has never heard of; every `expired`th has expired. So many that the key's index is
 * higher than the index of what expires, which the planner then prefers.
 */
async function fillKept(owner: pg.Client, expired: number): Promise<void> {
  const tables = ["kept_answers", "kept_answer_items", "idempotency_records"];
  for (const table of tables) await owner.query(`alter table slipway.${table} set (autovacuum_enabled = false)`);
  await owner.query("insert into slipway.tenants (tenant_id, name) values ('t', 't')");
  for (const [tenant, count] of [
    ["other", 100],
    ["t", KEPT],
  ] as const) {
    const rows = `(select *, now() + case when n % ${expired} = 0 then interval '-1 h' else interval '1 h' end + n * interval '1 ms' as until
      from generate_series(1, ${count}) n, sha256('x') h) as kept`;
    await owner.query(`insert into slipway.kept_answers (tenant_id, id, previous_id, item_ids, content, expires_at)
      select '${tenant}', '${PREFIX}' || n, '${PREFIX}' || n - 2, array['msg_' || n, 'rs_' || n], 'x', until from ${rows}`);
    await owner.query(`insert into slipway.kept_answer_items (tenant_id, item_id, answer_id)
      select tenant_id, unnest(item_ids), id from slipway.kept_answers where tenant_id = '${tenant}'`);
    await owner.query(`insert into slipway.idempotency_records (tenant_id, key_hash, fingerprint, owner, leased_until, expires_at)
      select '${tenant}', sha256(n::text::bytea), h, 'o', now(), until from ${rows}`);
    if (tenant === "other") await owner.query(`analyze ${tables.map((table) => `slipway.${table}`).join(", ")}`);
  }
}

test("what names kept answers, their items or an idempotency key reads what it finds", async (t) => {
  const owner = await owned(t);
  if (!owner) return;
  await fillKept(owner, 10);
  for (const statistics of ["old", "fresh"]) {
    if (statistics === "fresh") await owner.query("analyze slipway.kept_answers, slipway.kept_answer_items");
    const read = async (table: string, most: number, statement: Statement<unknown>): Promise<void> => {
      const rows = await readBy(owner, "slipway_app", table, statement);
      assert.ok(rows <= most, `${rows} rows of ${table} with ${statistics} statistics: ${statement.text}`);
    };
    const named = keptAnswersWithItems("t", ["msg_11", "rs_12345", "fc_none"], { answers: 10, bytes: 1000 });
    await read("kept_answer_items", 2, named);
    await read("kept_answers", 2, named);
    await read("kept_answers", 8, keptAnswerChain("t", `${PREFIX}12345`, { answers: 4, bytes: 1000 }));
    await read("kept_answers", 1, getKeptAnswer("t", `${PREFIX}12345`));
    // Told as found and as removed.
    await read("kept_answers", 2, deleteKeptAnswer("t", `${PREFIX}12345`));
    await read("idempotency_records", 1, findRecord("t", createHash("sha256").update("12345").digest()));
  }
});

for (const [told, expired, gone] of [
  ["much has expired", 2, 1000],
  ["little has expired", KEPT / 5, 5],
] as const) {
  test(`keeping an answer and removing idempotency records cost what they remove, where ${told}`, async (t) => {
    const owner = await owned(t);
    if (!owner) return;
    await fillKept(owner, expired);
    const end = new Date(Date.now() + 3_600_000);
    const kept = { id: "new", previousId: null, itemIds: ["msg_new"], content: Buffer.from("x"), expiresAt: end };
    const answers = await readBy(owner, "slipway_app", "kept_answers", putKeptAnswer("t", kept));
    // Each is found, looked at under its lock and removed.
    assert.ok(answers <= 3 * Math.min(gone, 20) + 1, `${answers} answers`);
    const records = await readBy(owner, "slipway_app", "idempotency_records", purgeRecords("t"));
    assert.ok(records <= 3 * gone, `${records} records`);
  });
}

test("the items of an answer that goes are found among all of its tenant's without reading them", async (t) => {
  const owner = await owned(t);
  if (!owner) return;
  await fillKept(owner, 10);
  await owner.query(`begin; set local session_replication_role = origin; set local role slipway_app;
    set local slipway.tenant_id = 't'`);
  const { text, values } = deleteKeptAnswer("t", `${PREFIX}12345`);
  await owner.query(text, [...values]);
  // What a trigger reads is in no plan.
  const { rows } = await owner.query<{ read: number; removed: number }>(`
    select (seq_tup_read + idx_tup_fetch)::int as read, n_tup_del::int as removed
    from pg_stat_xact_user_tables where relname = 'kept_answer_items'`);
  await owner.query("rollback");
  assert.deepEqual(rows, [{ read: 2, removed: 2 }]);
});

test("what many keys have spent costs one reading of the tenant's time, whatever the planner knows", async (t) => {
  const owner = await owned(t);
  if (!owner) return;
  const keys = Array.from({ length: 1000 }, (_, n) => `key_${n}`);
  await owner.query("alter table slipway.usage_ledger set (autovacuum_enabled = false)");
  await owner.query(`insert into slipway.usage_ledger (tenant_id, id, request_id, key_id, provider, model, input_tokens,
      cached_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, source, outcome, at, cost_pico)
    select case when n % 2 = 0 then 't' else 's' || n % ${SMALL_TENANTS} end, 'use_' || n, 'r', 'key_' || n / 2 % 1000, 'p', 'm',
      0, 0, 0, 0, 0, 'none', 'ok', timestamptz '2026-01-01Z' + n * interval '100 s', 1
    from generate_series(1, 2 * ${LONG}) n`);
  const span = { from: new Date(Date.UTC(2026, 0, 2)), to: new Date(Date.UTC(2026, 0, 10)) };
  const lines = (8 * 86_400) / 200;
  for (const statistics of ["none", "fresh"]) {
    if (statistics === "fresh") await owner.query("analyze slipway.usage_ledger");
    const read = await readBy(owner, "slipway_app", "usage_ledger", spentByEach("t", span, "keyId", keys));
    assert.ok(read <= lines + 1, `with ${statistics} statistics: ${read}`);
  }
});
