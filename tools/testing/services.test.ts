import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { test, type TestContext } from "node:test";
import { findProgram } from "./command.ts";
import { startKeeper } from "./keep.ts";
import { awsValidators } from "./services/aws-validators.ts";
import { chromium } from "./services/chromium.ts";
import { docker } from "./services/docker.ts";
import { postgres } from "./services/postgres.ts";
import { redis } from "./services/redis.ts";
import type { Service, SetUp } from "./services/service.ts";

const VARIABLES = ["TEST_DATABASE_URL", "TEST_REDIS_URL", "CHROMIUM_PATH", "DOCKER_HOST", "AWS_VALIDATORS_PYTHON"];

/** Sets one up with these variables and none of those that the run around this test has. */
async function setUpWith(t: TestContext, service: Service, given: Readonly<Record<string, string>>): Promise<SetUp> {
  const before = { ...process.env };
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, given);
  const keeper = startKeeper();
  t.after(() => keeper.close());
  try {
    return await service.setUp({ root: "/nowhere", keeper, say: () => undefined });
  } finally {
    process.env = before;
  }
}

for (const [service, name, value] of [
  [postgres, "TEST_DATABASE_URL", "postgres://me@db.example/test"],
  [redis, "TEST_REDIS_URL", "redis://cache.example:6379"],
] as const) {
  test(`${service.title} that ${name} names is taken as it is`, async (t) => {
    const result = await setUpWith(t, service, { [name]: value });
    assert.deepEqual(result, { ok: true, environment: { [name]: value }, what: name });
  });
}

test("a Chromium that does not run is missing, with what to do", async (t) => {
  const result = await setUpWith(t, chromium, { CHROMIUM_PATH: "/nowhere/chromium" });
  assert.ok(!result.ok);
  assert.match(result.why, /\/nowhere\/chromium does not run/);
  assert.match(result.remedy, /apt-get install --yes chromium, or set CHROMIUM_PATH/);
});

test("a Python without the validators of AWS is missing, with the line that brings them: none is installed in its place", async (t) => {
  const result = await setUpWith(t, awsValidators, { AWS_VALIDATORS_PYTHON: "/nowhere/python" });
  assert.ok(!result.ok);
  assert.match(result.why, /\/nowhere\/python/);
  assert.match(result.remedy, /python3 -m venv .*cfn-lint==.*moto.*AWS_VALIDATORS_PYTHON/);
});

test("a Docker engine that does not answer at DOCKER_HOST is missing: no other one is started in its place", async (t) => {
  const result = await setUpWith(t, docker, { DOCKER_HOST: "unix:///nowhere/docker.sock" });
  assert.ok(!result.ok);
  assert.match(result.why, /DOCKER_HOST/);
  assert.match(result.remedy, /docker\.io/);
});

test("a throwaway Redis answers while it is kept, and then it and its folder are gone", async (t) => {
  if (findProgram("redis-server") === undefined) {
    t.skip("requires redis-server: ./slipway test installs it");
    return;
  }
  const keeper = startKeeper();
  t.after(() => keeper.close());
  const given = process.env["TEST_REDIS_URL"];
  delete process.env["TEST_REDIS_URL"];
  const result = await redis.setUp({ root: "/nowhere", keeper, say: () => undefined });
  if (given !== undefined) process.env["TEST_REDIS_URL"] = given;
  assert.ok(result.ok);
  const port = Number(new URL(result.environment["TEST_REDIS_URL"] ?? "").port);
  assert.equal(await isOpen(port), true);
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith("slipway-redis-"));
  assert.ok(folders.length > 0);
  await keeper.close();
  assert.equal(await isOpen(port), false);
  const left = folders.filter((name) => existsSync(`${tmpdir()}/${name}`));
  assert.ok(left.length < folders.length, "its folder is still there");
});

async function isOpen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
