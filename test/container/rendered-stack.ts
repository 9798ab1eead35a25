import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { exampleText, renderText } from "../../deploy/src/testing/examples.ts";
import { freePort } from "../../tools/testing/services/free-port.ts";
import { until } from "../../tools/testing/services/until.ts";
import type { ComposeProgram } from "./compose-stack.ts";
import { type Docker, type Finished, finish } from "./docker-client.ts";

/*
 * An example as it is rendered for Compose, on a real engine. Its spec says other images (there is no registry), another port
 * (8080 may be taken) and TEST_MODE; what is rendered from it is not touched.
 */

const HEALTHY_TIMEOUT_MS = 120_000;
const FIRST_ANSWER_TIMEOUT_MS = 15_000;
const ANSWER_TIMEOUT_MS = 20_000;
/** Each look starts a docker client, which costs a tenth of a second of CPU. */
const POLL_MS = 1_000;

/** Images in the place of those that the spec names. */
export interface Images {
  readonly app: string;
  readonly postgres: string;
  readonly redis: string;
  readonly haproxy: string;
}

/** What a service answered. */
export interface Answer {
  readonly status: number;
  readonly release: string | undefined;
  readonly text: string;
}

/** A rendered system in a project of its own. */
export interface RenderedStack {
  readonly folder: string;
  /** Asks through HAProxy, by the name of a service. */
  ask(service: string, path: string, key?: string, body?: unknown): Promise<Answer>;
  /** Runs Compose on the project. */
  compose(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Runs a script of the rendering. */
  script(name: string, args?: readonly string[]): Promise<Finished>;
  /** Brings the system up (`profile`: more of it) and waits until all of it is healthy, as `--wait` does. */
  up(profile?: string, env?: Readonly<Record<string, string>>): Promise<void>;
  /** The ids of the containers, of one service or of all. */
  containers(service?: string): Promise<readonly string[]>;
  secret(name: string): Promise<string>;
  remove(): Promise<void>;
}

interface SpecText {
  images: Record<string, string>;
  env?: Record<string, string>;
  environments: Record<string, { publish?: string }>;
}

/** Renders an example into a folder of its own. Nothing runs yet. */
export async function renderStack(
  docker: Docker,
  { run, version }: ComposeProgram,
  images: Images,
  example: { readonly system: string; readonly environment: string },
): Promise<RenderedStack> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-rendered-"));
  const project = `slipwaytest${randomBytes(3).toString("hex")}`;
  const port = await freePort();
  const spec = parse(await exampleText(example.system)) as SpecText;
  spec.images = { ...images };
  spec.env = { ...spec.env, TEST_MODE: "true" };
  const environment = spec.environments[example.environment];
  assert.ok(environment);
  environment.publish = `127.0.0.1:${port}`;
  for (const { path, text } of await renderText(stringify(spec), example.environment)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // Compose 1 is older than the field `name`.
    await writeFile(join(folder, path), version < 2 ? text.replace(/^name: .*\n/m, "") : text);
    if (path.endsWith(".sh")) await chmod(join(folder, path), 0o755);
  }
  const file = ["--project-name", project, "--project-directory", folder, "--file", join(folder, "compose.yaml")];
  const compose: RenderedStack["compose"] = (args, env) => run([...file, ...args], env);
  const script: RenderedStack["script"] = (name, args = []) =>
    finish(join(folder, name), [...args], { env: { ...run.env, COMPOSE: [...run.command, ...file].join(" ") } });
  const containers = async (service?: string): Promise<readonly string[]> =>
    (
      await docker.run([
        ..."ps --all --quiet --no-trunc --filter".split(" "),
        `label=com.docker.compose.project=${project}`,
        ...(service === undefined ? [] : ["--filter", `label=com.docker.compose.service=${service}`]),
      ])
    )
      .split("\n")
      .filter((id) => id !== "");
  const logs = async (): Promise<string> => (await compose(["logs", "--no-color", "--tail", "15"])).stdout;

  return {
    folder,
    compose,
    script,
    containers,
    ask: (service, path, key, body) => ask(port, service, path, key, body),
    secret: (name) => readFile(join(folder, "secrets", name), "utf8"),
    async up(profile, env) {
      const profiles = profile === undefined ? [] : ["--profile", profile];
      const wait = version < 2 ? [] : ["--wait"];
      const { code, stderr } = await compose([...profiles, "up", "--detach", ...wait], env);
      assert.equal(code, 0, stderr + (await logs()));
      await answersAtAll(port);
      await untilHealthy(docker, containers, logs);
    },
    async remove() {
      const { code, stderr } = await compose(["--profile", "next", "down", "--volumes", "--timeout", "2"]);
      await rm(folder, { recursive: true, force: true });
      assert.equal(code, 0, stderr);
    },
  };
}

/** Waits until the balancer leads somewhere, for as long as that may take; what is wrong then is told by the engine. */
async function answersAtAll(port: number): Promise<void> {
  await until(
    async () => (await ask(port, "any", "/ready").catch(() => undefined))?.status === 200,
    FIRST_ANSWER_TIMEOUT_MS,
  );
}

/** What `--wait` of Compose 2 waits for: what goes on is healthy, what ends has ended with 0. */
async function untilHealthy(
  docker: Docker,
  containers: () => Promise<readonly string[]>,
  logs: () => Promise<string>,
): Promise<void> {
  const end = performance.now() + HEALTHY_TIMEOUT_MS;
  const format = "{{.Name}} {{.State.Status}} {{.State.ExitCode}}{{if .State.Health}} {{.State.Health.Status}}{{end}}";
  for (;;) {
    const states = (await docker.run(["inspect", "--format", format, ...(await containers())])).split("\n");
    const waiting = states.filter((state) => !/ running 0 healthy$| exited 0$/.test(state));
    if (waiting.length === 0) return;
    const failed = waiting.some((state) => / exited [1-9]/.test(state));
    if (failed || performance.now() > end) assert.fail(`${waiting.join(", ")}:\n${await logs()}`);
    await sleep(POLL_MS);
  }
}

async function ask(port: number, service: string, path: string, key?: string, body?: unknown): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request({
      host: "127.0.0.1",
      port,
      path,
      agent: false,
      method: body === undefined ? "GET" : "POST",
      timeout: ANSWER_TIMEOUT_MS,
      headers: {
        host: `${service}.localhost`,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
    });
    sent.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.once("error", reject);
      answer.once("end", () => {
        const release = answer.headers["x-slipway-release"];
        resolve({ status: answer.statusCode ?? 0, release: typeof release === "string" ? release : undefined, text });
      });
    });
    sent.once("timeout", () => sent.destroy(new Error("no answer")));
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
