import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { freePort } from "../../bench/lib/child.ts";
import type { TestDatabase } from "../support/postgres.ts";
import type { Docker } from "./docker-client.ts";
import { type Container, startContainer, waitUntil } from "./run-container.ts";

const API_KEY = `test-${randomBytes(24).toString("hex")}`;
const READY_TIMEOUT_MS = 60_000;
/** Long enough that a signal sent after the first word falls into the stream. */
const WORD_DELAY_MS = "300";

/** A container that runs, and the engine that runs it. */
export type Running = { docker: Docker; image: string; container: Container };

function runtimeEnvironment(database: TestDatabase): Record<string, string> {
  return {
    API_KEY,
    DATABASE_URL: database.url,
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    TEST_MODE: "true",
    MOCK_TOKEN_DELAY_MS: WORD_DELAY_MS,
  };
}

/** Starts the image on a migrated database and waits until it is ready. */
export async function start(docker: Docker, image: string, database: TestDatabase): Promise<Running> {
  const container = await startContainer(docker, image, await freePort(), runtimeEnvironment(database));
  const ready = async () => (await fetch(`${container.url}/ready`).catch(() => undefined))?.status === 200;
  try {
    await waitUntil(container, "ready", READY_TIMEOUT_MS, ready);
  } catch (error) {
    await container.remove();
    throw error;
  }
  return { docker, image, container };
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

/** No capability, no way to gain one, nothing to write on. */
export async function checkConfinement({ docker, image, container }: Running): Promise<void> {
  const exec = (script: string) => docker.attempt(["exec", container.id, "sh", "-c", script]);
  assert.equal((await exec("id -u; id -g")).stdout, "1000\n1000\n");
  const status = (await exec("cat /proc/1/status")).stdout;
  assert.match(status, /^CapEff:\s+0{16}$/m);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match((await exec("tr '\\0' ' ' < /proc/1/cmdline")).stdout, /^node (--\S+ )*server\/dist\/main\.mjs/);
  for (const folder of ["/", "/app", "/app/.compile-cache", "/tmp", "/home/node"]) {
    assert.notEqual((await exec(`touch ${folder}/written`)).code, 0, `${folder} could be written`);
  }
  const writable = ["run", "--rm", "--network", "none", "--user", "0", image, "touch", "/written"];
  assert.equal((await docker.attempt(writable)).code, 0, "control: without the locks the same write succeeds");
}

/** A chat request, the release on it, and the console. */
export async function checkAnswers({ container }: Running, release: string): Promise<void> {
  const answer = await chat(container, false);
  const body = (await answer.json()) as { choices: { message: { content: string } }[] };
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-slipway-release"), release);
  assert.match(body.choices[0]?.message.content ?? "", /^Mock answer to: word word/);
  assert.equal((await fetch(`${container.url}/console/`)).status, 200, "the console is in the image");
}

/** The image's own health check, run by the engine. */
export async function checkHealth(t: TestContext, { docker, container }: Running): Promise<void> {
  const health = async () =>
    (await docker.run(["inspect", "--format", "{{.State.Health.Status}}", container.id])) === "healthy";
  const ms = await waitUntil(container, "healthy", READY_TIMEOUT_MS, health);
  t.diagnostic(`from docker run to healthy: ${ms} ms, with one check a second`);
}

/** A stream that SIGTERM meets comes whole, and the process ends with 0. */
export async function checkSigterm(running: Running): Promise<void> {
  const text = await streamUnderSignal(running, "TERM");
  assert.ok(isWhole(text), `the stream ended with ${text.slice(-200)}`);
  assert.equal(await running.docker.run(["wait", running.container.id]), "0", await running.container.logs());
}

/** Whether a stream that SIGKILL meets passes for a whole one: the control of {@link checkSigterm}. */
export async function survivesKill(running: Running): Promise<boolean> {
  return isWhole(await streamUnderSignal(running, "KILL"));
}
