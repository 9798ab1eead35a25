import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "./sql.ts";

const find = (name: string, limit: number) => sql<{ id: string }>`select id from t where name = ${name} limit ${limit}`;

test("values are bound, never written into the text", () => {
  const statement = find("'; drop table t; --", 3);
  assert.equal(statement.text, "select id from t where name = $1 limit $2");
  assert.deepEqual(statement.values, ["'; drop table t; --", 3]);
  assert.deepEqual(sql`select 1`, { text: "select 1", values: [] });
});

test("the character that PostgreSQL cannot hold is replaced, in lists too, and bytes are left alone", () => {
  const bytes = new Uint8Array([0, 1]);
  assert.deepEqual(sql`${"a\0b"} ${["\0", null, "c"]} ${bytes}`.values, ["a\uFFFDb", ["\uFFFD", null, "c"], bytes]);
});
