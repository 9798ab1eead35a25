import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { BACKENDS, later } from "../testing/databases.ts";
import { createPool, DEFAULT_LIMITS } from "./pool.ts";
import { sql } from "./sql.ts";
import { callAlone, transact } from "./transact.ts";

const TIMES = 60;
const LENGTH = 50_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: { type: "minor" }) => void;

/** Bytes that became old meanwhile, in statements of 50 KB each: what is still reachable after two scavenges does. */
async function grownOld(statement: (text: string) => Promise<unknown>): Promise<number> {
  const old = (): number =>
    getHeapSpaceStatistics()
      .filter(({ space_name }) => space_name === "old_space" || space_name === "large_object_space")
      .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  await statement("warm");
  collect({ type: "minor" });
  collect({ type: "minor" });
  const before = old();
  for (let time = 0; time < TIMES; time += 1) {
    await statement(String(time).padEnd(LENGTH, "x"));
    collect({ type: "minor" });
    collect({ type: "minor" });
  }
  return old() - before;
}

async function urlOf(t: TestContext): Promise<string | undefined> {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  return database?.connection.engine === "postgresql" ? database.connection.url : undefined;
}

test("what a statement was given is young garbage once it is answered", async (t) => {
  const url = await urlOf(t);
  if (url === undefined) return;
  const pool = createPool({ engine: "postgresql", url }, DEFAULT_LIMITS, () => {});
  later(t, () => pool.close());
  const few = (TIMES * LENGTH) / 4;
  const called = await grownOld((text) => callAlone(pool, sql`select length(${text})`));
  assert.ok(called < few, `${called} bytes after calls`);
  const asked = await grownOld((text) => transact(pool, [sql`select length(${text}) as n`]));
  assert.ok(asked < few, `${asked} bytes after transactions`);

  await t.test("control: queries that the driver makes and watches over keep it", async (s) => {
    const client = new pg.Client({ connectionString: url, query_timeout: 10_000 });
    await client.connect();
    later(s, () => client.end());
    const kept = await grownOld((text) => client.query("select length($1)", [text]));
    assert.ok(kept > (TIMES * LENGTH) / 2, `${kept} bytes`);
  });
});
