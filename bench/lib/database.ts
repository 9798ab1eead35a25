import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type TestDatabase, createDatabase, runSql } from "../../test/support/postgres.ts";
import { freePort, startChild } from "./child.ts";
import { giveWay, pinned } from "./cores.ts";

/** Debian keeps the server's programs here, one folder a version, and not on PATH. */
const DEBIAN_BINARIES = "/usr/lib/postgresql";
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** A database of its own for one bench run. */
export type BenchDatabase = TestDatabase & {
  /** The database server's process, when the bench started it. */
  pid: number | undefined;
};

/** Where a database runs. */
export type DatabasePlace = {
  readonly cores: string | undefined;
  /** Only when nobody else wants its cores (`giveWay`). */
  readonly givesWay?: boolean | undefined;
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

async function answers(url: string): Promise<boolean> {
  try {
    await runSql(url, ["select 1"]);
    return true;
  } catch {
    return false;
  }
}

type Cluster = { url: string; pid: number; stop(): Promise<void> };

async function throwawayCluster(bin: string, { cores, givesWay }: DatabasePlace): Promise<Cluster> {
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
  let goOnAsBefore: (() => void) | undefined;
  const stop = async () => {
    await server.stop();
    goOnAsBefore?.();
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (server.exited() || performance.now() > deadline) {
      await stop();
      throw new Error(`PostgreSQL did not start:\n${server.output()}`);
    }
    await sleep(POLL_MS);
  }
  if (givesWay === true) goOnAsBefore = giveWay(server.pid);
  return { url, pid: server.pid, stop };
}

/**
 * An empty database with an owner and a runtime login: on the server that TEST_DATABASE_URL names, dropped at the end,
 * else on a cluster of its own from the installed programs, on `cores`. Undefined when there
 * is neither.
 */
export async function openDatabase(place: DatabasePlace): Promise<BenchDatabase | undefined> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined) return { ...(await createDatabase(given)), pid: undefined };
  const bin = binaries();
  if (bin === undefined) return undefined;
  const cluster = await throwawayCluster(bin, place);
  return { ...(await createDatabase(cluster.url)), pid: cluster.pid, drop: () => cluster.stop() };
}
