import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { freePort } from "../../bench/lib/child.ts";
import { type TestDatabase, createDatabase } from "../support/postgres.ts";
import { requireDocker, requirePostgres } from "../support/require.ts";
import { ensureBaseImage } from "./base-image.ts";
import { buildImage, npmAccess } from "./build-image.ts";
import { type Docker, dockerAt } from "./docker-client.ts";
import { findWords, packagesAmong, packagesNotForTheServer, pathsIn } from "./image-content.ts";
import { type Container, startContainer, waitUntil } from "./run-container.ts";

const IMAGE = "slipway:test";
const RELEASE = "container-test";
const API_KEY = `test-${randomBytes(24).toString("hex")}`;
const READY_TIMEOUT_MS = 60_000;
const MEGABYTE = 1_000_000;
/** Long enough that a signal sent after the first word falls into the stream. */
const WORD_DELAY_MS = "60";
/** Far above what it is (the server's packages and a base of some 210 MB), to notice when something large slips in. */
const MAX_IMAGE_BYTES = 320 * MEGABYTE;

type Inspected = {
  Size: number;
  Config: {
    User: string;
    Cmd: string[];
    Env: string[];
    Healthcheck?: { Test: string[] };
    Labels: Record<string, string>;
  };
};

type Running = { docker: Docker; container: Container };

async function inspect<Shape>(docker: Docker, name: string): Promise<Shape> {
  const [first] = JSON.parse(await docker.run(["inspect", name])) as Shape[];
  if (first === undefined) throw new Error(`docker inspect ${name} answered nothing`);
  return first;
}

function runtimeEnvironment(database: TestDatabase): Record<string, string> {
  return {
    API_KEY,
    DATABASE_URL: database.url,
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    TEST_MODE: "true",
    MOCK_TOKEN_DELAY_MS: WORD_DELAY_MS,
  };
}

async function start(docker: Docker, database: TestDatabase): Promise<Container> {
  const container = await startContainer(docker, IMAGE, await freePort(), runtimeEnvironment(database));
  const ready = async () => (await fetch(`${container.url}/ready`).catch(() => undefined))?.status === 200;
  try {
    await waitUntil(container, "ready", READY_TIMEOUT_MS, ready);
  } catch (error) {
    await container.remove();
    throw error;
  }
  return container;
}

function chat(container: Container, stream: boolean): Promise<Response> {
  return fetch(`${container.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "mock-1", stream, messages: [{ role: "user", content: "word ".repeat(20) }] }),
  });
}

/** Sends a signal after the first piece of a stream and answers all that came. */
async function streamUnderSignal({ docker, container }: Running, signal: string): Promise<string> {
  const answer = await chat(container, true);
  assert.equal(answer.status, 200);
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const piece of answer.body ?? []) {
      if (text === "") await docker.run(["kill", "--signal", signal, container.id]);
      text += decoder.decode(piece as Uint8Array, { stream: true });
    }
  } catch {
    return `${text}(cut)`;
  }
  return text;
}

const isWhole = (text: string) => text.includes('"finish_reason":"stop"') && text.endsWith("data: [DONE]\n\n");

async function checkConfiguration(t: TestContext, docker: Docker): Promise<void> {
  const image = await inspect<Inspected>(docker, IMAGE);
  t.diagnostic(`image: ${Math.round(image.Size / MEGABYTE)} MB`);
  assert.equal(image.Config.User, "1000:1000");
  // Exec form: no shell between the engine and the server, so that the server gets the signals.
  assert.deepEqual(image.Config.Cmd, ["node", "server/src/main.ts"]);
  assert.equal(image.Config.Healthcheck?.Test[0], "CMD");
  assert.ok(image.Config.Env.includes(`SLIPWAY_RELEASE=${RELEASE}`));
  assert.equal(image.Config.Labels["org.opencontainers.image.version"], RELEASE);
  assert.ok(image.Size < MAX_IMAGE_BYTES, `the image has ${image.Size} bytes`);
}

async function checkContent(docker: Docker): Promise<void> {
  const paths = await pathsIn(docker, IMAGE);
  const unwanted = await packagesNotForTheServer();
  assert.ok(unwanted.includes("react") && unwanted.includes("oxlint") && unwanted.includes("@stricli/core"));
  assert.deepEqual(packagesAmong(paths, unwanted), []);
  assert.deepEqual(
    packagesAmong(paths, ["kysely", "undici"]),
    ["kysely", "undici"],
    "control: the server's own packages are seen",
  );
  const inApp = paths.filter((path) => path.startsWith("/app/") && !path.includes("/node_modules/"));
  assert.deepEqual(
    inApp.filter((path) => /\.npmrc$|\.env$|\.test\.tsx?$|package-lock\.json$/.test(path)),
    [],
  );
  assert.ok(inApp.includes("/app/console/dist/index.html") && inApp.includes("/app/agents"));
  assert.deepEqual(
    paths.filter((path) => /\/bin\/(npm|npx|yarn|corepack)$/.test(path)),
    [],
  );
}

async function checkTraces(docker: Docker): Promise<void> {
  const { traces } = await npmAccess();
  assert.deepEqual(await findWords(docker, IMAGE, traces), []);
  // Control: an image that keeps a token is found out, by its file and by its history.
  const token = `npm_${randomBytes(18).toString("hex")}`;
  const leaky = "slipway-leaky:test";
  const dockerfile = `FROM ${IMAGE}\nARG TOKEN\nUSER 0\nRUN echo "//registry.example/:_authToken=$TOKEN" > /home/.npmrc\n`;
  await docker.run(["build", "--network", "host", "--build-arg", `TOKEN=${token}`, "--tag", leaky, "-"], {
    input: Readable.from([dockerfile]),
  });
  try {
    assert.deepEqual(await findWords(docker, leaky, [token]), ["the image's configuration", "/home/.npmrc"]);
  } finally {
    await docker.attempt(["rmi", "--force", leaky]);
  }
}

/** The compile cache made at build time is read, and nothing is left to compile, in a file system that cannot be written. */
async function checkCompileCache(docker: Docker): Promise<void> {
  const warm = ["run", "--rm", "--read-only", "--network", "none", "--env", "NODE_DEBUG_NATIVE=COMPILE_CACHE", IMAGE];
  const { code, stdout, stderr } = await docker.attempt([...warm, "node", "server/src/main.ts", "warm"]);
  assert.equal(code, 0, stderr);
  const lines = (stdout + stderr).split("\n");
  assert.ok(lines.filter((line) => line.includes("was accepted")).length > 100, "the cache is not read");
  assert.deepEqual(
    lines.filter((line) => /rejected|writing cache/.test(line)),
    [],
  );
}

async function checkConfinement({ docker, container }: Running): Promise<void> {
  const exec = (script: string) => docker.attempt(["exec", container.id, "sh", "-c", script]);
  assert.equal((await exec("id -u; id -g")).stdout, "1000\n1000\n");
  const status = (await exec("cat /proc/1/status")).stdout;
  assert.match(status, /^CapEff:\s+0{16}$/m);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match((await exec("tr '\\0' ' ' < /proc/1/cmdline")).stdout, /^node server\/src\/main\.ts/);
  for (const folder of ["/", "/app", "/app/.compile-cache", "/tmp", "/home/node"]) {
    assert.notEqual((await exec(`touch ${folder}/written`)).code, 0, `${folder} could be written`);
  }
  const writable = ["run", "--rm", "--network", "none", "--user", "0", IMAGE, "touch", "/written"];
  assert.equal((await docker.attempt(writable)).code, 0, "control: without the locks the same write succeeds");
}

async function checkAnswers({ container }: Running): Promise<void> {
  const answer = await chat(container, false);
  const body = (await answer.json()) as { choices: { message: { content: string } }[] };
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-slipway-release"), RELEASE);
  assert.match(body.choices[0]?.message.content ?? "", /^Mock answer to: word word/);
  assert.equal((await fetch(`${container.url}/console/`)).status, 200, "the console is in the image");
}

async function checkHealth(t: TestContext, { docker, container }: Running): Promise<void> {
  const health = async () =>
    (await docker.run(["inspect", "--format", "{{.State.Health.Status}}", container.id])) === "healthy";
  const ms = await waitUntil(container, "healthy", READY_TIMEOUT_MS, health);
  t.diagnostic(`from docker run to healthy: ${ms} ms, with one check a second`);
}

async function checkSigterm(running: Running): Promise<void> {
  const text = await streamUnderSignal(running, "TERM");
  assert.ok(isWhole(text), `the stream ended with ${text.slice(-200)}`);
  assert.equal(await running.docker.run(["wait", running.container.id]), "0", await running.container.logs());
}

test("the image", { timeout: 1_800_000 }, async (t) => {
  const engine = requireDocker(t);
  const postgres = requirePostgres(t);
  if (engine === undefined || postgres === undefined) return;
  const docker = dockerAt(engine);
  const base = await ensureBaseImage(docker);
  t.diagnostic(`base image ${base.tag}: ${base.how} in ${base.ms} ms`);
  t.diagnostic(`image built in ${await buildImage(docker, IMAGE, RELEASE)} ms`);

  await t.test("runs as uid 1000, by exec, with a health check and its release", (s) => checkConfiguration(s, docker));
  await t.test("holds the server's packages, the console's files and no more", () => checkContent(docker));
  await t.test("keeps nothing of how the registry was reached", () => checkTraces(docker));
  await t.test("has its code compiled already", () => checkCompileCache(docker));

  const database = await createDatabase(postgres);
  t.after(() => database.drop());
  const migrated = await docker.attempt([
    ...["run", "--rm", "--network", "host", "--read-only", "--cap-drop", "ALL"],
    ...["--env", `MIGRATION_DATABASE_URL=${database.adminUrl}`, "--env", `DATABASE_URL=${database.url}`],
    ...["--env", "ENCRYPTION_KEY=only-for-the-settings-check"],
    ...[IMAGE, "node", "server/src/main.ts", "migrate", "--grant-to", database.login],
  ]);
  assert.equal(migrated.code, 0, migrated.stdout + migrated.stderr);

  const container = await start(docker, database);
  t.after(() => container.remove());
  const running = { docker, container };
  t.diagnostic(`from docker run to ready: ${Math.round(performance.now() - container.began)} ms`);
  await t.test("answers a chat request and serves the console", () => checkAnswers(running));
  await t.test("has no capability, no way to gain one and nothing to write on", () => checkConfinement(running));
  await t.test("turns healthy by its own check", (s) => checkHealth(s, running));
  await t.test("ends a stream whole after SIGTERM and exits with 0", () => checkSigterm(running));
  await t.test("control: SIGKILL cuts the same stream, and the check sees it", async (s) => {
    const doomed = await start(docker, database);
    s.after(() => doomed.remove());
    assert.ok(!isWhole(await streamUnderSignal({ docker, container: doomed }, "KILL")));
  });
});
