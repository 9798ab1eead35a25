import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { renderExample, textOf } from "../deploy/src/testing/examples.ts";
import { loadConfig } from "../server/src/config/config.ts";
import { folderWith, needsJq, run, standIns } from "./support/pipelines.ts";

// Keeps variables as Railway does; the database's client is told that it was asked.
const RAILWAY = `
[ "$1 $2" = "variable list" ] && { service=; while [ $# -gt 0 ]; do [ "$1" = --service ] && service=$2; shift; done; cat "$STATE/$service.json" 2> /dev/null || echo '{}'; exit; }
[ "$1 $2" = "variable set" ] && { name=$3; value=$(cat); while [ $# -gt 0 ]; do [ "$1" = --service ] && service=$2; shift; done
  [ -f "$STATE/$service.json" ] || echo '{}' > "$STATE/$service.json"
  jq --arg name "$name" --arg value "$value" '.[$name] = $value' "$STATE/$service.json" > "$STATE/next" && mv "$STATE/next" "$STATE/$service.json"; exit; }
[ "$1" = status ] && { jq --null-input --rawfile made "$STATE/made" '{services: [$made | split("\\n")[] | {name: .}]}'; exit; }
[ "$1" = add ] && { case "$3" in postgres) echo Postgres ;; redis) echo Redis ;; *) echo "$3" ;; esac >> "$STATE/made"; exit; }
printf '%s\\n' "$*" >> "$STATE/log"`;

test("Railway's setup asks for what only a person knows, once, and the server takes the variables that it sets", async (t) => {
  if (!needsJq(t)) return;
  const files = await renderExample({ system: "copilot", environment: "railway", target: "railway" });
  const cwd = await folderWith(t, { "setup.sh": textOf(files, "setup.sh"), "state/made": "", "state/log": "" });
  const PATH = await standIns(t, { railway: RAILWAY });
  const STATE = join(cwd, "state");
  const answers = ["an-api-key-of-copilot-0123456789", "ab".repeat(32), "sk-test", "cd".repeat(32)];
  const setUp = (input: string) => run("bash", ["setup.sh"], { cwd, env: { PATH, STATE }, input });
  const first = await setUp(answers.map((answer) => `${answer}\n`).join(""));
  assert.equal(first.code, 0, first.err);
  const asked = [...first.err.matchAll(/^([A-Z_]+): /gm)].map(([, name]) => name);
  const variables = JSON.parse(await readFile(join(STATE, "copilot.json"), "utf8")) as Readonly<Record<string, string>>;
  const database = JSON.parse(await readFile(join(STATE, "Postgres.json"), "utf8")) as Readonly<Record<string, string>>;
  assert.match(database["SLIPWAY_LOGIN_PASSWORD"] ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual(
    ["API_KEY", "ENCRYPTION_KEY", "OPENAI_API_KEY", "SECRET_KEY"].map((name) => variables[name]),
    answers,
    `asked for ${asked.join()}`,
  );
  assert.match(await readFile(join(STATE, "log"), "utf8"), /run --service Postgres -- bash -euc[^]*nobypassrls/);
  // As Railway fills references in.
  const known: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(database).map(([name, value]) => [`Postgres.${name}`, value])),
    "Postgres.RAILWAY_PRIVATE_DOMAIN": "postgres.railway.internal",
    "Postgres.PGDATABASE": "railway",
    "Postgres.DATABASE_URL": "postgresql://postgres:owner@postgres.railway.internal:5432/railway",
    "Redis.REDIS_URL": "redis://default:secret@redis.railway.internal:6379",
  };
  const filled = (value: string): string =>
    value.replaceAll(
      /\$\{\{([\w.]+)\}\}/g,
      (_all, name: string) => known[name] ?? assert.fail(`nothing is called ${name}`),
    );
  const environment = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, filled(value)]));
  const config = loadConfig(environment, "/");
  assert.match(
    config.database.url ?? "",
    /^postgresql:\/\/slipway_server:[0-9a-f]{64}@postgres\.railway\.internal:5432\/railway$/,
  );
  assert.throws(() => loadConfig({ ...environment, MAX_CONCURRENCY: "many" }, "/"), /MAX_CONCURRENCY/);
  // Again: nothing is asked, so nobody has to be there.
  const again = await setUp("");
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(JSON.parse(await readFile(join(STATE, "copilot.json"), "utf8")), variables);
});
