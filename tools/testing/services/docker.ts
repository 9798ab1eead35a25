import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptLine, canInstall, installPackages } from "../apt.ts";
import { findProgram, runCommand } from "../command.ts";
import type { Service, SetUp, Setup } from "./service.ts";
import { until } from "./until.ts";

const DEFAULT_HOST = "unix:///var/run/docker.sock";
const ANSWER_TIMEOUT = 10_000;
const START_TIMEOUT = 30_000;
/** What the engine needs, and what makes the base image where no registry is reached. */
const PACKAGES = ["docker.io", "debootstrap", "docker-compose"];

/** One way to start an engine, the next one is tried when it fails. */
interface Attempt {
  readonly driver: string;
  /** Kept between runs, with the layers that were built; absent: thrown away. */
  readonly dataRoot?: string;
}

/** A Docker engine that answers, or one of our own on a private socket where root may start it. */
export const docker: Service = {
  requirement: "Docker",
  title: "Docker engine",
  async setUp(setup) {
    const host = process.env["DOCKER_HOST"] ?? DEFAULT_HOST;
    const answering = await serverVersion(host);
    if (answering !== undefined)
      return { ok: true, environment: { DOCKER_HOST: host }, what: `${answering} at ${host}` };
    if (process.env["DOCKER_HOST"]) return missing("the one that DOCKER_HOST names does not answer");
    if (!canInstall() && process.getuid?.() !== 0) return missing("none answers, and only root can start one");
    const wanted = PACKAGES.filter((name) => findProgram(name === "docker.io" ? "dockerd" : name) === undefined);
    if (wanted.length > 0 && canInstall()) {
      const failure = await installPackages(wanted, setup.say);
      if (failure !== undefined) return missing(`apt-get could not install ${wanted.join(", ")}: ${failure}`);
    }
    const program = findProgram("dockerd");
    return program === undefined ? missing("there is no dockerd") : await start(program, setup);
  },
};

function missing(why: string): SetUp {
  return {
    ok: false,
    why,
    remedy: `${aptLine(PACKAGES)} and run as root, or set DOCKER_HOST to an engine that answers`,
  };
}

/** The version of the engine at an address, undefined when none answers. */
async function serverVersion(host: string): Promise<string | undefined> {
  const { code, output } = await runCommand("docker", ["--host", host, "version", "--format", "{{.Server.Version}}"], {
    timeout: ANSWER_TIMEOUT,
  });
  return code === 0 ? output.trim() : undefined;
}

async function start(program: string, setup: Setup): Promise<SetUp> {
  const attempts: readonly Attempt[] = [
    { driver: "overlay2", dataRoot: join(setup.root, ".cache/docker") },
    { driver: "overlay2" },
    { driver: "vfs" },
  ];
  let said = "";
  for (const attempt of attempts) {
    const folder = await mkdtemp(join(tmpdir(), "slipway-docker-"));
    setup.keeper.keepFolder(folder);
    if (attempt.dataRoot !== undefined) await mkdir(attempt.dataRoot, { recursive: true });
    const version = await startEngine(program, folder, attempt, setup);
    if (version !== undefined) {
      const host = socketOf(folder);
      return { ok: true, environment: { DOCKER_HOST: host }, what: `${version}, started with ${attempt.driver}` };
    }
    said = readFileSync(join(folder, "log"), "utf8").trim().slice(-1_000);
  }
  return missing(`dockerd does not start here: ${said}`);
}

function socketOf(folder: string): string {
  return `unix://${join(folder, "docker.sock")}`;
}

/** Starts an engine without any network of its own, so that it leaves the machine's alone. Answers its version. */
async function startEngine(
  program: string,
  folder: string,
  attempt: Attempt,
  setup: Setup,
): Promise<string | undefined> {
  const log = openSync(join(folder, "log"), "a");
  const args = [
    `--host=${socketOf(folder)}`,
    `--data-root=${attempt.dataRoot ?? join(folder, "data")}`,
    `--exec-root=${join(folder, "exec")}`,
    `--pidfile=${join(folder, "pid")}`,
    `--storage-driver=${attempt.driver}`,
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
  ];
  const child = spawn(program, args, { cwd: folder, detached: true, stdio: ["ignore", log, log] });
  child.unref();
  const forget = setup.keeper.keepProcess(child.pid ?? 0, "SIGTERM");
  let version: string | undefined;
  const isReady = async (): Promise<boolean> => {
    version = child.exitCode === null ? await serverVersion(socketOf(folder)) : undefined;
    return version !== undefined || child.exitCode !== null;
  };
  await until(isReady, START_TIMEOUT);
  if (version !== undefined) return version;
  if (child.exitCode === null) child.kill("SIGKILL");
  forget();
  return undefined;
}
