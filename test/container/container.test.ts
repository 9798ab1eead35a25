import assert from "node:assert/strict";
import { test } from "node:test";
import { SERVER_ENTRY } from "@slipway/contracts/server-command.ts";
import { createDatabase } from "../support/postgres.ts";
import { requireDocker, requirePostgres } from "../support/require.ts";
import { ensureBaseImage } from "./base-image.ts";
import { buildImage } from "./build-image.ts";
import { checkStack, composeProgram, makeStandIns, startStack } from "./compose-stack.ts";
import { dockerAt } from "./docker-client.ts";
import { checkCompileCache, checkConfiguration, checkContent, checkTraces } from "./image-checks.ts";
import { checkAnswers, checkConfinement, checkHealth, checkSigterm, start, survivesKill } from "./running-checks.ts";

// An engine in a machine of its own runs with (what `./slipway test` starts):
//   dockerd --bridge=none --iptables=false --ip6tables=false --storage-driver=overlay2
// so that it leaves the machine's network alone. Builds and single containers then use the host's network; Compose makes a
// network of its own, which such an engine can do.

const RELEASE = "container-test";
const IMAGE = `slipway:${RELEASE}`;

test("the image", { timeout: 1_800_000 }, async (t) => {
  const engine = requireDocker(t);
  const postgres = requirePostgres(t);
  if (engine === undefined || postgres === undefined) return;
  const docker = dockerAt(engine);
  const base = await ensureBaseImage(docker);
  t.diagnostic(`base image ${base.tag}: ${base.how} in ${base.ms} ms`);
  t.diagnostic(`image built in ${await buildImage(docker, IMAGE, RELEASE)} ms`);

  await t.test("runs as uid 1000, by exec, with a health check and its release", (s) =>
    checkConfiguration(s, docker, IMAGE, RELEASE),
  );
  await t.test("holds the server's packages, the console's files and no more", () => checkContent(docker, IMAGE));
  await t.test("keeps nothing of how the registry was reached", () => checkTraces(docker, IMAGE));
  await t.test("has its code compiled already", () => checkCompileCache(docker, IMAGE));

  const database = await createDatabase(postgres);
  t.after(() => database.drop());
  const settings = {
    MIGRATION_DATABASE_URL: database.adminUrl,
    DATABASE_URL: database.url,
    ENCRYPTION_KEY: "only-for-the-settings-check",
  };
  const variables = Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const command = [IMAGE, "node", SERVER_ENTRY, "migrate", "--grant-to", database.login];
  const migrated = await docker.attempt(["run", "--rm", "--network", "host", "--read-only", ...variables, ...command]);
  assert.equal(migrated.code, 0, migrated.stdout + migrated.stderr);

  const running = await start(docker, IMAGE, database);
  t.after(() => running.container.remove());
  t.diagnostic(`from docker run to ready: ${Math.round(performance.now() - running.container.began)} ms`);
  await t.test("turns healthy by its own check", (s) => checkHealth(s, running));
  await t.test("answers a chat request and serves the console", () => checkAnswers(running, RELEASE));
  await t.test("has no capability, no way to gain one and nothing to write on", () => checkConfinement(running));
  await t.test("ends a stream whole after SIGTERM and exits with 0", () => checkSigterm(running));
  await t.test("control: SIGKILL cuts the same stream, and the check sees it", async (s) => {
    const doomed = await start(docker, IMAGE, database);
    s.after(() => doomed.container.remove());
    assert.equal(await survivesKill(doomed), false);
  });
});

test("compose.yaml", { timeout: 1_800_000 }, async (t) => {
  const engine = requireDocker(t);
  if (engine === undefined) return;
  const compose = composeProgram(engine)?.run;
  if (compose === undefined) return t.skip("requires Docker Compose: apt-get install docker-compose");
  const docker = dockerAt(engine);
  await ensureBaseImage(docker);
  await buildImage(docker, IMAGE, RELEASE);
  t.diagnostic(`PostgreSQL and Redis: ${await makeStandIns(docker)}`);
  const stack = await startStack(compose, RELEASE);
  t.after(() => stack.remove());
  await t.test("starts nothing without every password", () => stack.refusesWithoutPasswords());
  await t.test("publishes ports on 127.0.0.1 only", () => stack.publishesOnLoopbackOnly());
  await t.test("brings up database, login, migrations and a server that answers", () => checkStack(stack));
});
