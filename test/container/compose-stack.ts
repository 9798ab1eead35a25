import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../bench/lib/child.ts";
import { baseOf } from "./base-image.ts";
import { type Docker, type Finished, finish } from "./docker-client.ts";

const ROOT = join(import.meta.dirname, "../..");
const STAND_INS = join(import.meta.dirname, "stand-ins");
const PULL_TIMEOUT_MS = 300_000;
const UP_TIMEOUT_MS = 180_000;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 200;
const PASSWORDS = ["POSTGRES_PASSWORD", "DATABASE_PASSWORD", "REDIS_PASSWORD", "ENCRYPTION_KEY", "API_KEY"];

/** Runs Compose with arguments, against one engine. */
export interface Compose {
  (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** What is called, and with which environment besides the process's own. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Compose as it was found. */
export interface ComposeProgram {
  readonly run: Compose;
  /** 1 for Debian's `docker-compose`, 2 and up for the plugin of docker. */
  readonly version: number;
}

/** The Compose that DOCKER_COMPOSE_PATH names, the plugin of docker, or Debian's program; undefined when there is none. */
export function composeProgram(host: string): ComposeProgram | undefined {
  const named = process.env["DOCKER_COMPOSE_PATH"];
  const ways = [["docker", "compose"], [named || "docker-compose"]];
  for (const [command = "", ...rest] of ways) {
    const said = spawnSync(command, [...rest, "version", "--short"], { encoding: "utf8" });
    if (said.status !== 0) continue;
    const env = { DOCKER_HOST: host };
    const run = (args: readonly string[], more?: Readonly<Record<string, string>>): Promise<Finished> =>
      finish(command, [...rest, ...args], { env: { ...env, ...more }, timeoutMs: UP_TIMEOUT_MS });
    // A build from source calls itself `dev`.
    const version = Number(/^v?(\d+)\./.exec(said.stdout)?.[1] ?? 2);
    return { run: Object.assign(run, { command: [command, ...rest], env }), version };
  }
  return undefined;
}

/** The images that compose.yaml names with their default versions, by the name of their stand-in. */
export function imagesOf(compose: string): Map<string, string> {
  const matches = compose.matchAll(/image: (postgres|redis):\$\{\w+:-([\w.-]+)\}/g);
  return new Map([...matches].map(([, name = "", version = ""]) => [name, `${name}:${version}`]));
}

/** Makes sure of an image of someone else's: what is there, the registry's, or Debian's programs under its name (`stand-ins/<name>.Dockerfile`). */
export async function makeStandIn(docker: Docker, name: string, image: string): Promise<string> {
  if ((await docker.attempt(["image", "inspect", image])).code === 0) return `${image} present`;
  if (
    !image.startsWith("localhost/") &&
    (await docker.attempt(["pull", image], { timeoutMs: PULL_TIMEOUT_MS })).code === 0
  )
    return `${image} pulled`;
  const { tag: base } = baseOf(await readFile(join(ROOT, "Dockerfile"), "utf8"));
  const file = join(STAND_INS, `${name}.Dockerfile`);
  const args = ["--network", "host", "--build-arg", `BASE=${base}`, "--file", file, "--tag", image, STAND_INS];
  await docker.build(args);
  return `${image} from Debian's packages`;
}

/** The images of PostgreSQL and Redis that compose.yaml names. */
export async function makeStandIns(docker: Docker): Promise<string> {
  const images = imagesOf(await readFile(join(ROOT, "compose.yaml"), "utf8"));
  assert.deepEqual([...images.keys()].sort(), ["postgres", "redis"]);
  const ways: string[] = [];
  for (const [name, image] of images) ways.push(await makeStandIn(docker, name, image));
  return ways.join(", ");
}

/** A Compose project of its own. */
export type Stack = {
  url: string;
  apiKey: string;
  compose(args: readonly string[]): Promise<Finished>;
  refusesWithoutPasswords(): Promise<void>;
  publishesOnLoopbackOnly(): Promise<void>;
  remove(): Promise<void>;
};

/** Prepares a project with fresh passwords and free ports; nothing runs yet. */
export async function startStack(compose: Compose, release: string): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-compose-"));
  const project = `slipwaytest${randomBytes(3).toString("hex")}`;
  const secrets = new Map(PASSWORDS.map((name) => [name, randomBytes(32).toString("hex")]));
  const ports = { SLIPWAY_PORT: await freePort(), POSTGRES_PORT: await freePort(), REDIS_PORT: await freePort() };
  const settings = [...secrets, ...Object.entries(ports), ["SLIPWAY_RELEASE", release], ["TEST_MODE", "true"]];
  const envFile = join(folder, "all.env");
  await writeFile(envFile, settings.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
  const inProject = (file: string, args: readonly string[]) =>
    compose([
      "--project-name",
      project,
      "--project-directory",
      ROOT,
      "--file",
      join(ROOT, "compose.yaml"),
      "--env-file",
      file,
      ...args,
    ]);

  return {
    url: `http://127.0.0.1:${ports.SLIPWAY_PORT}`,
    apiKey: secrets.get("API_KEY") ?? "",
    compose: (args) => inProject(envFile, args),
    async refusesWithoutPasswords() {
      assert.equal((await inProject(envFile, ["config", "--quiet"])).code, 0, "control: with all of them it is valid");
      for (const missing of PASSWORDS) {
        const file = join(folder, `without-${missing}.env`);
        await writeFile(
          file,
          settings
            .filter(([name]) => name !== missing)
            .map(([name, value]) => `${name}=${value}\n`)
            .join(""),
        );
        const { code, stderr } = await inProject(file, ["config", "--quiet"]);
        assert.notEqual(code, 0, `it starts without ${missing}`);
        assert.match(stderr, /is missing, see the head of compose\.yaml/);
      }
    },
    async publishesOnLoopbackOnly() {
      const lines = (await readFile(join(ROOT, "compose.yaml"), "utf8"))
        .split("\n")
        .filter((line) => line.trim().startsWith("ports:"));
      assert.equal(lines.length, 3);
      for (const line of lines) assert.match(line, /^ {4}ports: \["127\.0\.0\.1:[^",]+"\]$/);
    },
    async remove() {
      await inProject(envFile, ["down", "--volumes", "--timeout", "5"]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Brings the stack up and asks the server; the server itself proves that its login cannot get around row level security. */
export async function checkStack(stack: Stack): Promise<void> {
  const up = await stack.compose(["up", "--detach", "--no-build"]);
  const logs = async () => (await stack.compose(["logs", "--no-color", "--tail", "40"])).stdout;
  assert.equal(up.code, 0, up.stderr + (await logs()));
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while ((await fetch(`${stack.url}/ready`).catch(() => undefined))?.status !== 200) {
    assert.ok(performance.now() < deadline, `not ready:\n${await logs()}`);
    await sleep(POLL_MS);
  }
  const answer = await fetch(`${stack.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "agent/concierge", messages: [{ role: "user", content: "Is there a boat today?" }] }),
  });
  assert.equal(answer.status, 200, await logs());
  assert.match(await answer.text(), /"finish_reason":"stop"/);
  const again = await stack.compose(["up", "--detach", "--no-build"]);
  assert.equal(again.code, 0, "a second start finds login and migrations as they are");
}
