import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../tools/testing/services/until.ts";
import { requireDocker } from "../support/require.ts";
import { ensureBaseImage } from "./base-image.ts";
import { buildImage } from "./build-image.ts";
import { type ComposeProgram, composeProgram, makeStandIn } from "./compose-stack.ts";
import { type Docker, dockerAt } from "./docker-client.ts";
import {
  agentAnswers,
  answers,
  balancerIsHealthy,
  breakBalancer,
  faultsOf,
  inspect,
  makeSecrets,
  releases,
} from "./rendered-checks.ts";
import { type Images, type RenderedStack, renderStack } from "./rendered-stack.ts";

// Every example as `slipway render` writes it for Compose comes up on a Docker engine, one after the other. What stands in the
// place of the images that cannot be pulled is said in docs/reference/validation.md.

const ROOT = join(import.meta.dirname, "../..");
// The image of container.test.ts: who comes second finds it built.
const RELEASE = "container-test";
const IMAGE = `slipway:${RELEASE}`;

interface System {
  readonly system: string;
  readonly environment: string;
  /** The service that models are asked at, and how many instances of it run. */
  readonly service: string;
  readonly agent?: { readonly agent: string; readonly question: string; readonly says: RegExp };
}

const SYSTEMS: readonly System[] = [
  { system: "agent-generator", environment: "development", service: "web" },
  {
    system: "copilot",
    environment: "dev",
    service: "copilot",
    agent: { agent: "on-call", question: "Who is on call on 2026-01-12?", says: /Tomasz/ },
  },
  {
    system: "master-agent",
    environment: "development",
    service: "agent",
    agent: { agent: "master", question: "Which days are 2026-Q3?", says: /2026-09-30/ },
  },
  {
    system: "panelin",
    environment: "development",
    service: "panelin",
    agent: { agent: "panelin", question: "What does ROOF-50 cost?", says: /36\.9/ },
  },
];

interface Engine {
  readonly docker: Docker;
  readonly compose: ComposeProgram;
  readonly images: Images;
}

/** A short name of what the stand-ins are made of: another recipe is another image. */
async function recipe(): Promise<string> {
  const folder = join(import.meta.dirname, "stand-ins");
  const sum = createHash("sha256");
  for (const name of (await readdir(folder)).sort()) sum.update(name).update(await readFile(join(folder, name)));
  return sum.digest("hex").slice(0, 12);
}

async function engineFor(t: TestContext): Promise<Engine | undefined> {
  const host = requireDocker(t);
  if (host === undefined) return undefined;
  const compose = composeProgram(host);
  if (compose === undefined) {
    t.skip("requires Docker Compose: apt-get install docker-compose");
    return undefined;
  }
  const docker = dockerAt(host);
  await ensureBaseImage(docker);
  await buildImage(docker, IMAGE, RELEASE);
  const standIns = await recipe();
  const [postgres, redis, haproxy] = ["postgres", "redis", "haproxy"].map(
    (name) => `localhost/slipway-${name}:${standIns}`,
  );
  assert.ok(postgres && redis && haproxy);
  for (const [name, image] of Object.entries({ postgres, redis, haproxy })) await makeStandIn(docker, name, image);
  t.diagnostic(`Compose ${compose.version}, ${compose.run.command.join(" ")}`);
  return { docker, compose, images: { app: `localhost/${IMAGE}`, postgres, redis, haproxy } };
}

/** The image of a system: with its agents where it has some, otherwise the server's own. */
async function appImage(docker: Docker, system: string, withAgents: boolean): Promise<string> {
  const image = `localhost/slipway-${system}:${RELEASE}`;
  if (withAgents)
    await docker.build(["--build-arg", `SLIPWAY_IMAGE=${IMAGE}`, "--tag", image, join(ROOT, "examples", system)]);
  else await docker.run(["tag", IMAGE, image]);
  return image;
}

async function start(
  t: TestContext,
  { docker, compose, images }: Engine,
  example: Omit<System, "service">,
): Promise<RenderedStack> {
  const app = await appImage(docker, example.system, example.agent !== undefined);
  const stack = await renderStack(docker, compose, { ...images, app }, example);
  t.after(() => stack.remove());
  await makeSecrets(stack);
  const began = performance.now();
  await stack.up();
  t.diagnostic(`${example.system}: everything healthy in ${Math.round(performance.now() - began)} ms`);
  return stack;
}

/** Nothing runs as root, can be written or is open to others, and the check sees what would be. */
async function checkLocks(docker: Docker, stack: RenderedStack): Promise<void> {
  const found = await inspect(docker, stack);
  assert.ok(found.length >= 5, "balancer, service, migrations, login, stores");
  assert.deepEqual(
    found.flatMap(({ container, uids }) => faultsOf(container, uids)),
    [],
  );
  const [{ container } = { container: undefined }] = found;
  assert.ok(container);
  const open = { ...container.HostConfig, ReadonlyRootfs: false, CapDrop: null, Memory: 0 };
  assert.equal(faultsOf({ ...container, HostConfig: open }, ["0"]).length, 4);
}

/** The release of the file becomes another one, as rendering with another digest makes it. */
async function promote(stack: RenderedStack): Promise<void> {
  const file = join(stack.folder, "compose.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replaceAll(`SLIPWAY_RELEASE: ${RELEASE}`, "SLIPWAY_RELEASE: promoted"));
  await stack.up();
}

/** What went wrong with requests to the router that were sent one after the other while something was done. */
async function unansweredDuring(stack: RenderedStack, act: () => Promise<void>): Promise<readonly string[]> {
  const faults: string[] = [];
  const over = new AbortController();
  let asked = 0;
  const asking = (async () => {
    for (; !over.signal.aborted; asked += 1) {
      await sleep(50);
      const status = await stack.ask("router", "/ready").then(
        (answer) => String(answer.status),
        (error: unknown) => String(error),
      );
      if (status !== "200") faults.push(status);
    }
  })();
  try {
    await act();
  } finally {
    over.abort();
    await asking;
  }
  assert.ok(asked > 20, `${asked} requests`);
  return faults;
}

/** The next release comes up beside the one that runs, gets requests when its weight says so, and loses them again. */
async function checkShift(stack: RenderedStack): Promise<void> {
  const early = await stack.script("shift.sh", ["router", "50"]);
  assert.equal(early.code, 1, early.stdout);
  assert.match(early.stderr, /No instance of the next release of router is up/);
  assert.deepEqual(await releases(stack, "router"), new Set([RELEASE]));

  await stack.up("next", { NEXT_IMAGE: `localhost/slipway-atp:${RELEASE}`, NEXT_RELEASE: "the-next-one" });
  assert.deepEqual(await releases(stack, "router"), new Set([RELEASE]), "nothing moves by itself");
  const moved = async (share: string): Promise<ReadonlySet<string | undefined>> => {
    let said = "";
    // The balancer sees an instance within two of its checks.
    const done = await until(async () => {
      const { code, stderr } = await stack.script("shift.sh", ["router", share]);
      said = stderr;
      return code === 0;
    }, 30_000);
    assert.ok(done, said);
    return await releases(stack, "router");
  };
  assert.deepEqual(await moved("50"), new Set([RELEASE, "the-next-one"]));
  assert.deepEqual(await moved("100"), new Set(["the-next-one"]));
  assert.deepEqual(await releases(stack, "memory"), new Set([RELEASE]), "the other service stays");
  assert.deepEqual(await moved("0"), new Set([RELEASE]));
  await moved("100");
  assert.deepEqual(await unansweredDuring(stack, () => promote(stack)), []);
  assert.deepEqual(await moved("0"), new Set(["promoted"]));
  await answers(stack, "router");
  assert.equal((await stack.script("shift.sh", ["router", "101"])).code, 2);
  assert.equal((await stack.script("shift.sh", ["nobody", "1"])).code, 2);
}

/** A rendering that led to a wrong port would be noticed: nobody is answered, and the balancer says that it is not healthy. */
async function checkBrokenBalancer(docker: Docker, stack: RenderedStack): Promise<void> {
  assert.equal(await balancerIsHealthy(docker, stack), true);
  await breakBalancer(stack, / router:8080/, " router:8081");
  const refused = async (): Promise<boolean> =>
    await stack.ask("router", "/ready").then(
      ({ status }) => status === 503,
      () => false,
    );
  assert.ok(await until(refused, 30_000), "the balancer is back");
  await assert.rejects(answers(stack, "router"), /503 !== 200/);
  // An instance whose address it has just learnt passes for one that is up until its first check has failed.
  assert.ok(await until(async () => !(await balancerIsHealthy(docker, stack)), 30_000), "it is not healthy");
}

test("examples that are rendered for Compose, on an engine", { timeout: 1_800_000, concurrency: 2 }, async (t) => {
  const engine = await engineFor(t);
  if (engine === undefined) return;
  const { docker } = engine;

  const two = t.test("atp comes up as two services, and requests move to the next release and back", async (s) => {
    const stack = await start(s, engine, { system: "atp", environment: "development" });
    await answers(stack, "router");
    const key = await stack.secret("API_KEY");
    // Each service has its own routes: conversations are the gateway's, models the router's.
    assert.equal((await stack.ask("memory", "/api/v1/threads", key)).status, 200);
    assert.equal((await stack.ask("router", "/api/v1/threads", key)).status, 404);
    await checkLocks(docker, stack);
    await checkShift(stack);
    await s.test("control: a balancer that leads to a wrong port", () => checkBrokenBalancer(docker, stack));
  });
  // Most of the time goes by in the pauses of health checks: two at once take half as long and no more work.
  const others = SYSTEMS.map((example) =>
    t.test(`${example.system} comes up, locked down, and answers through HAProxy`, async (s) => {
      const stack = await start(s, engine, example);
      await answers(stack, example.service);
      if (example.agent) await agentAnswers(stack, { service: example.service, ...example.agent });
      await checkLocks(docker, stack);
    }),
  );
  await Promise.all([two, ...others]);
});
