import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptLine, canInstall, installPackages } from "../apt.ts";
import { findProgram, runCommand } from "../command.ts";
import { freePort } from "./free-port.ts";
import type { Service, SetUp, Setup } from "./service.ts";
import { until } from "./until.ts";

const START_TIMEOUT = 10_000;

/** A throwaway Redis on a free port of the loopback interface, or the one that TEST_REDIS_URL names. */
export const redis: Service = {
  requirement: "Redis",
  title: "Redis",
  async setUp(setup) {
    const given = process.env["TEST_REDIS_URL"];
    if (given) return { ok: true, environment: { TEST_REDIS_URL: given }, what: "TEST_REDIS_URL" };
    let program = findProgram("redis-server");
    if (program === undefined && canInstall()) {
      const failure = await installPackages(["redis-server"], setup.say);
      if (failure !== undefined) return missing(`apt-get could not install it: ${failure}`);
      program = findProgram("redis-server");
    }
    return program === undefined ? missing("there is no redis-server") : await start(program, setup);
  },
};

function missing(why: string): SetUp {
  return { ok: false, why, remedy: `${aptLine(["redis-server"])}, or set TEST_REDIS_URL` };
}

async function start(program: string, { keeper }: Setup): Promise<SetUp> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-redis-"));
  keeper.keepFolder(folder);
  const port = await freePort();
  const log = openSync(join(folder, "log"), "a");
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const child = spawn(program, args, { cwd: folder, detached: true, stdio: ["ignore", log, log] });
  child.unref();
  keeper.keepProcess(child.pid ?? 0, "SIGTERM");
  const isReady = async (): Promise<boolean> => child.exitCode !== null || (await answersPing(port));
  if (!(await until(isReady, START_TIMEOUT)) || child.exitCode !== null) {
    return missing(`it did not start: ${readFileSync(join(folder, "log"), "utf8").trim().slice(-2_000)}`);
  }
  const { output } = await runCommand(program, ["--version"], { timeout: 5_000 });
  const version = /v=(\S+)/.exec(output)?.[1] ?? "";
  return {
    ok: true,
    environment: { TEST_REDIS_URL: `redis://127.0.0.1:${port}` },
    what: `${version} on 127.0.0.1:${port}`,
  };
}

async function answersPing(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once("data", (data: Buffer) => {
      resolve(data.toString().startsWith("+PONG"));
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
