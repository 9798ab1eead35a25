import assert from "node:assert/strict";
import { test } from "node:test";
import type pg from "pg";
import type { NewAuditRecord } from "../../audit-records.ts";
import { createStore } from "../../create-store.ts";
import { BACKENDS, connect, later, randomName } from "../../testing/databases.ts";
import { lastPosition } from "../audit-records/log.ts";
import { placeRecords } from "./sequencing.ts";

const LOG = 2_400;
const PAGE = 400;

interface Plan {
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly Plans?: readonly Plan[];
}

/** How many rows of a table the statement has read. */
function rowsRead(plan: Plan, table: string): number {
  const own = plan["Relation Name"] === table ? plan["Actual Rows"] * plan["Actual Loops"] : 0;
  return (plan.Plans ?? []).reduce((sum, part) => sum + rowsRead(part, table), own);
}

async function planOf(client: pg.Client, text: string, values: readonly unknown[]): Promise<Plan> {
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `explain (analyze, costs off, timing off, format json) ${text}`,
    [...values],
  );
  const plan = rows[0]?.["QUERY PLAN"][0].Plan;
  if (plan === undefined) throw new Error("The database explained nothing.");
  return plan;
}

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
    for (let at = 0; at < LOG; at += PAGE) await store.auditRecords.append(all.slice(at, at + PAGE));
    assert.equal(await store.auditChain.place([{ tenantId, count: LOG }], 0), LOG);
    await store.auditRecords.append(all.slice(LOG));

    const owner = await connect(database.owner);
    later(t, () => owner.end());
    // As fresh as statistics can be, and as they are when autovacuum has just looked: the planner then knows the log as a small one.
    await owner.query("analyze slipway.audit_records; analyze slipway.audit_pending; analyze slipway.audit_chain");
    const { text, values } = placeRecords({ tenantId, count: PAGE }, LOG);
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
