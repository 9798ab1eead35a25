import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { SERVER_ENTRY, SERVER_NODE_FLAGS } from "@slipway/contracts/server-command.ts";
import { npmAccess } from "./build-image.ts";
import type { Docker } from "./docker-client.ts";
import { findWords, packagesAmong, packagesNotForTheServer, pathsIn } from "./image-content.ts";

const MEGABYTE = 1_000_000;
/** Far above what it is (the server's packages and a base of some 210 MB), to notice when something large slips in. */
const MAX_IMAGE_BYTES = 320 * MEGABYTE;

/** What `docker inspect` tells of an image, as far as it is looked at here. */
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

/** Its user, command, health check, release and size. */
export async function checkConfiguration(t: TestContext, docker: Docker, name: string, release: string): Promise<void> {
  const [image] = JSON.parse(await docker.run(["inspect", name])) as Inspected[];
  assert.ok(image !== undefined);
  t.diagnostic(`image: ${Math.round(image.Size / MEGABYTE)} MB`);
  assert.equal(image.Config.User, "1000:1000");
  // Exec form: no shell between the engine and the server, so that the server gets the signals.
  assert.deepEqual(image.Config.Cmd, ["node", ...SERVER_NODE_FLAGS, SERVER_ENTRY]);
  assert.equal(image.Config.Healthcheck?.Test[0], "CMD");
  assert.ok(image.Config.Env.includes(`SLIPWAY_RELEASE=${release}`));
  assert.equal(image.Config.Labels["org.opencontainers.image.version"], release);
  assert.ok(image.Size < MAX_IMAGE_BYTES, `the image has ${image.Size} bytes`);
}

/** Nothing but the server, its packages, the console's files and the agents. */
export async function checkContent(docker: Docker, name: string): Promise<void> {
  const paths = await pathsIn(docker, name);
  const unwanted = await packagesNotForTheServer();
  assert.ok(unwanted.includes("react") && unwanted.includes("oxlint") && unwanted.includes("@stricli/core"));
  assert.deepEqual(packagesAmong(paths, unwanted), []);
  assert.deepEqual(packagesAmong(paths, ["pg", "hono"]), ["pg", "hono"], "control: the server's own packages are seen");
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

/** No word of how this machine reached its npm registry. */
export async function checkTraces(docker: Docker, name: string): Promise<void> {
  const { traces } = await npmAccess();
  assert.deepEqual(await findWords(docker, name, traces), []);
  // Control: an image that keeps a token is found out, by its file and by its history.
  const token = `npm_${randomBytes(18).toString("hex")}`;
  const leaky = "slipway-leaky:test";
  const dockerfile = `FROM ${name}\nARG TOKEN\nUSER 0\nRUN echo "//registry.example/:_authToken=$TOKEN" > /home/.npmrc\n`;
  await docker.build(["--network", "host", "--build-arg", `TOKEN=${token}`, "--tag", leaky, "-"], dockerfile);
  try {
    assert.deepEqual(await findWords(docker, leaky, [token]), ["the image's configuration", "/home/.npmrc"]);
  } finally {
    await docker.attempt(["rmi", "--force", leaky]);
  }
}

/** The compile cache made at build time is read, and nothing is left to compile, in a file system that cannot be written. */
export async function checkCompileCache(docker: Docker, name: string): Promise<void> {
  const warm = ["run", "--rm", "--read-only", "--network", "none", "--env", "NODE_DEBUG_NATIVE=COMPILE_CACHE", name];
  const { code, stdout, stderr } = await docker.attempt([...warm, "node", ...SERVER_NODE_FLAGS, SERVER_ENTRY, "warm"]);
  assert.equal(code, 0, stderr);
  const lines = (stdout + stderr).split("\n");
  assert.ok(lines.filter((line) => line.includes("was accepted")).length > 30, "the cache is not read");
  assert.deepEqual(
    lines.filter((line) => /rejected|writing cache/.test(line)),
    [],
  );
}
