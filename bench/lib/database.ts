import { randomBytes } from "node:crypto";
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startChild } from "./child.ts";
import { pinned } from "./cores.ts";

/** Debian keeps the server's programs here, one folder a version, and not on PATH. */
const DEBIAN_BINARIES = "/usr/lib/postgresql";
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** A database of its own for one bench run. */
export type BenchDatabase = {
  /** The owner's address, for migrations. */
  ownerUrl: string;
  /** The address of a login that is neither owner nor superuser; migrations grant it the server's roles. */
  runtimeUrl: string;
  /** The runtime login's name. */
  runtimeLogin: string;
  /** The database server's process, when the bench started it. */
  pid: number | undefined;
  stop(): Promise<void>;
};

/** The folder of the newest `initdb` that is installed: on PATH, or where Debian puts it. */
function binaries(): string | undefined {
  const versions = existsSync(DEBIAN_BINARIES) ? readdirSync(DEBIAN_BINARIES) : [];
  const folders = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_BINARIES, version, "bin"));
  return [...(process.env["PATH"] ?? "").split(":"), ...folders].find((folder) => existsSync(join(folder, "initdb")));
}

/** PostgreSQL refuses to run as root; Debian's package brings this user. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  if (line === null)
    throw new Error("PostgreSQL does not run as root and there is no user postgres: apt-get install postgresql");
  return { uid: Number(line[1]), gid: Number(line[2]) };
}

function psql(url: string, statements: readonly string[]): void {
  const commands = statements.flatMap((statement) => ["--command", statement]);
  const result = spawnSync("psql", ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", url, ...commands], {
    encoding: "utf8",
  });
  if (result.error !== undefined)
    throw new Error("psql is missing: apt-get install postgresql-client", { cause: result.error });
  if (result.status !== 0) throw new Error(`psql failed: ${result.stderr}`);
}

function withDatabase(url: string, database: string, login?: { name: string; password: string }): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  if (login !== undefined) [changed.username, changed.password] = [login.name, login.password];
  return changed.href;
}

async function throwawayCluster(
  cores: string | undefined,
): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
  const bin = binaries();
  if (bin === undefined) throw new Error("No PostgreSQL: apt-get install postgresql, or set TEST_DATABASE_URL");
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-pg-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const made = spawnSync(
    join(bin, "initdb"),
    ["--pgdata", data, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"],
    {
      cwd: folder,
      encoding: "utf8",
      ...user,
    },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  // Durability stays as installed: a figure without fsync would flatter.
  const args = ["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"];
  const server = startChild(...pinned(cores, join(bin, "postgres"), args), {
    cwd: folder,
    stopSignal: "SIGINT",
    ...user,
  });
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (spawnSync("psql", [url, "--command", "select 1"], { stdio: "ignore" }).status !== 0) {
    if (server.exited() || performance.now() > deadline) {
      await stop();
      throw new Error(`PostgreSQL did not start:\n${server.output()}`);
    }
    await sleep(POLL_MS);
  }
  return { url, pid: server.pid, stop };
}

/**
 * An empty database with an owner and a runtime login: on the server that TEST_DATABASE_URL names, dropped at the end,
 * else on a cluster of its own from the installed programs, on `cores`. Throws with what to type when there is neither.
 */
export async function openDatabase(cores: string | undefined): Promise<BenchDatabase> {
  const given = process.env["TEST_DATABASE_URL"];
  const cluster = given === undefined ? await throwawayCluster(cores) : undefined;
  const url = given ?? cluster?.url ?? "";
  const name = `slipway_bench_${randomBytes(4).toString("hex")}`;
  const login = { name: `${name}_app`, password: randomBytes(12).toString("hex") };
  psql(url, [
    `create role ${login.name} login nosuperuser nobypassrls password '${login.password}'`,
    `create database ${name}`,
  ]);
  return {
    ownerUrl: withDatabase(url, name),
    runtimeUrl: withDatabase(url, name, login),
    runtimeLogin: login.name,
    pid: cluster?.pid,
    async stop() {
      if (cluster === undefined) psql(url, [`drop database ${name} with (force)`, `drop role ${login.name}`]);
      else await cluster.stop();
    },
  };
}
