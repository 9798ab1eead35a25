import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

// Runs alone: it holds a start to three seconds.

const MAIN = join(import.meta.dirname, "../deploy/src/main.ts");
const START_LIMIT = 60_000;

interface Ready {
  readonly url: string;
  readonly apiKey: string;
  readonly consoleUrl: string;
  readonly pid: number;
}

interface Up {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<number | null>;
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "slipway-up-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Runs the command in a folder of its own, without the settings of whoever runs the test. */
function slipway(t: TestContext, cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Up {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: cwd,
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(import.meta.dirname, "../.cache/compile"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, "close").then(([code]) => code as number | null);
  t.after(async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    await exited;
  });
  return { child, stdout: () => stdout, stderr: () => stderr, exited };
}

async function ready(up: Up): Promise<Ready> {
  assert.ok(up.child.stdout);
  const lines = createInterface(up.child.stdout);
  const line = await Promise.race([
    once(lines, "line", { signal: AbortSignal.timeout(START_LIMIT) }).then(([text]) => text as string),
    up.exited.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`it ended before it was ready:\n${up.stderr()}`);
  return JSON.parse(line) as Ready;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function authorized(apiKey: string): RequestInit {
  return { headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" } };
}

test("up --json prints one line, whose key and addresses work, and SIGTERM ends it with 0", async (t) => {
  const cwd = await folder(t);
  const up = slipway(t, cwd, ["up", "--port", "0", "--json"]);
  const { url, apiKey, consoleUrl, pid } = await ready(up);
  assert.match(apiKey, /^slip_[0-9A-Za-z]{36}$/);
  assert.equal((await fetch(consoleUrl)).status, 200);
  const body = JSON.stringify({ model: "mock-1", messages: [{ role: "user", content: "Hello" }] });
  const answer = await fetch(`${url}/v1/chat/completions`, { ...authorized(apiKey), method: "POST", body });
  assert.equal(answer.status, 200);
  assert.equal((await fetch(`${url}/v1/models`, authorized(`${apiKey.slice(0, -1)}_`))).status, 401);
  assert.ok(isAlive(pid));
  up.child.kill("SIGTERM");
  assert.equal(await up.exited, 0, up.stderr());
  assert.equal(isAlive(pid), false);
  assert.deepEqual(up.stdout().split("\n").length, 2, "stdout is one line");
  assert.equal((await stat(join(cwd, ".slipway"))).mode & 0o777, 0o700);
  assert.equal((await readFile(join(cwd, ".slipway/api-key"), "utf8")).trim(), apiKey);
});

test("a second start takes under three seconds and keeps the key and the data", async (t) => {
  const cwd = await folder(t);
  const home = join(cwd, "home of mine");
  const first = slipway(t, cwd, ["up", "--port", "0", "--json", "--home", home]);
  const one = await ready(first);
  const made = await fetch(`${one.url}/api/v1/api-keys`, {
    ...authorized(one.apiKey),
    method: "POST",
    body: '{"name":"kept"}',
  });
  assert.equal(made.status, 201, await made.text());
  first.child.kill("SIGINT");
  assert.equal(await first.exited, 0, first.stderr());

  // The best of several: other tests may have the machine at the same time.
  let fastest = Infinity;
  for (let round = 0; round < 8 && fastest >= 3_000; round += 1) {
    const start = performance.now();
    const up = slipway(t, cwd, ["up", "--port", "0", "--json", "--home", home]);
    const { url, apiKey } = await ready(up);
    fastest = Math.min(fastest, performance.now() - start);
    assert.equal(apiKey, one.apiKey);
    const listed = await fetch(`${url}/api/v1/api-keys`, authorized(apiKey));
    assert.match(await listed.text(), /"kept"/);
    up.child.kill("SIGINT");
    assert.equal(await up.exited, 0, up.stderr());
  }
  t.diagnostic(`second start: ${fastest.toFixed(0)} ms`);
  assert.ok(fastest < 3_000, `${fastest.toFixed(0)} ms`);
});

test("without --json it prints the address, the key, the console and a line to try it", async (t) => {
  const cwd = await folder(t);
  const up = slipway(t, cwd, ["up", "--port", "0"], { API_KEY: "a-key-of-my-own-choice" });
  const limit = Date.now() + START_LIMIT;
  while (!up.stdout().includes("Ctrl-C stops it") && up.child.exitCode === null && Date.now() < limit) await sleep(50);
  const text = up.stdout();
  assert.match(text, /Address {2}http:\/\/127\.0\.0\.1:\d+\n/, up.stderr());
  assert.match(text, /Console {2}http:\/\/127\.0\.0\.1:\d+\/console\//);
  assert.match(text, /API key {2}a-key-of-my-own-choice {2}\(from API_KEY\)/);
  assert.match(text, /MOCK/);
  const line = text.split("\n").find((candidate) => candidate.startsWith("  curl ")) ?? "";
  const shell = spawn("sh", ["-c", line], { stdio: ["ignore", "pipe", "ignore"] });
  let answer = "";
  shell.stdout.on("data", (chunk: Buffer) => (answer += chunk.toString()));
  await once(shell, "close");
  assert.match(answer, /"object":"chat\.completion"/);
});

test("a taken port is named with what to do, and nothing is left running", async (t) => {
  const blocker = createServer().listen(0, "127.0.0.1");
  t.after(() => blocker.close());
  await once(blocker, "listening");
  const address = blocker.address();
  assert.ok(address !== null && typeof address === "object");
  const up = slipway(t, await folder(t), ["up", "--port", String(address.port)]);
  assert.equal(await up.exited, 1);
  assert.equal(up.stdout(), "");
  assert.match(up.stderr(), new RegExp(`^Port ${address.port} is taken .*\\n.*\\./slipway up --port \\d+\\n$`));
});

test("a home that another server uses is refused, and the message names the other", async (t) => {
  const cwd = await folder(t);
  const first = slipway(t, cwd, ["up", "--port", "0", "--json"]);
  await ready(first);
  const second = slipway(t, cwd, ["up", "--port", "0", "--json"]);
  assert.equal(await second.exited, 1);
  assert.equal(second.stdout(), "");
  assert.match(second.stderr(), /is used by process \d+/);
});

test("wrong settings end with 2 and list what is wrong; wrong arguments do, too", async (t) => {
  const cwd = await folder(t);
  const wrong = slipway(t, cwd, ["up", "--port", "0"], { APP_ENV: "nonsense", MAX_BODY_BYTES: "many" });
  assert.equal(await wrong.exited, 2);
  assert.match(wrong.stderr(), /APP_ENV[\s\S]*MAX_BODY_BYTES/);
  for (const args of [["up", "--port", "99999"], ["up", "--prot", "1"], ["upp"], ["bench", "nothing-like-it"]]) {
    const up = slipway(t, cwd, args);
    assert.equal(await up.exited, 2, args.join(" "));
    assert.equal(up.stdout(), "");
  }
});

test("an unknown command is met with the nearest one", async (t) => {
  const up = slipway(t, await folder(t), ["chekc"]);
  assert.equal(await up.exited, 2);
  assert.match(up.stderr(), /did you mean `check`\?/);
});

test("PORT and API_KEY of a .env file are the ones that are used and printed", async (t) => {
  const cwd = await folder(t);
  await writeFile(join(cwd, ".env"), "PORT=0\nAPI_KEY=key-from-the-file\n");
  const { apiKey, url } = await ready(slipway(t, cwd, ["up", "--json"]));
  assert.equal(apiKey, "key-from-the-file");
  assert.equal((await fetch(`${url}/v1/models`, authorized(apiKey))).status, 200);
});

test("the first SIGINT lets a running answer finish, the second ends everything at once", async (t) => {
  const cwd = await folder(t);
  const env = { MOCK_TOKEN_DELAY_MS: "3000", DRAIN_TIMEOUT_SECONDS: "60" };
  const up = slipway(t, cwd, ["up", "--port", "0", "--json"], env);
  const { url, apiKey, pid } = await ready(up);
  const body = JSON.stringify({
    model: "mock-1",
    stream: true,
    messages: [{ role: "user", content: "a b c d e f g h i j" }],
  });
  const answer = await fetch(`${url}/v1/chat/completions`, { ...authorized(apiKey), method: "POST", body });
  assert.equal(answer.status, 200);
  up.child.kill("SIGINT");
  await sleep(1_000);
  assert.equal(up.child.exitCode, null, "it waits for the answer");
  assert.ok(isAlive(pid));
  up.child.kill("SIGINT");
  assert.equal(await up.exited, 137);
  assert.equal(isAlive(pid), false);
  await assert.rejects(answer.text());
});
