import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumVersion } from "./support/chromium.ts";
import { dockerVersion } from "./support/docker.ts";
import { createDatabase, runSql } from "./support/postgres.ts";
import { askRedis } from "./support/redis.ts";
import { requireChromium, requireDocker, requirePostgres, requireRedis } from "./support/require.ts";

test("the PostgreSQL for tests gives a database of one's own, whose login may not even make a table", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  t.after(() => database.drop());
  await runSql(database.url, ["select 1"]);
  await runSql(database.adminUrl, ["create table things (id int)", "insert into things values (1)"]);
  await assert.rejects(runSql(database.url, ["create table mine (id int)"]), /permission denied/);
  await assert.rejects(runSql(database.url, ["select * from things"]), /permission denied/);
});

test("a dropped database is gone, and its login with it", async (t) => {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return;
  const database = await createDatabase(superuser);
  await database.drop();
  await assert.rejects(runSql(database.adminUrl, ["select 1"]), /does not exist/);
  await assert.rejects(runSql(database.url, ["select 1"]), /authentication failed|does not exist/);
});

test("the Redis for tests answers PING", async (t) => {
  const url = requireRedis(t);
  if (url === undefined) return;
  assert.equal(await askRedis(url, "PING"), "+PONG\r\n");
});

test("the Chromium for tests prints its version", async (t) => {
  const path = requireChromium(t);
  if (path === undefined) return;
  assert.match(await chromiumVersion(path), /\d+\.\d+\.\d+/);
});

test("the Docker engine for tests answers", async (t) => {
  const host = requireDocker(t);
  if (host === undefined) return;
  assert.match(await dockerVersion(host), /^\d+\.\d+/);
});
