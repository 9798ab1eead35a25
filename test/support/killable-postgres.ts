import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../tools/testing/services/free-port.ts";
import { runSql } from "./postgres.ts";

/** A PostgreSQL server that may be killed as a power switch would, and started again on what it left. */
export interface KillablePostgres {
  /** The superuser's address. */
  readonly url: string;
  /** SIGKILL to every process of the server, then a start on the same data. Resolves when it answers again. */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

const DEBIAN = "/usr/lib/postgresql";
const START_MS = 60_000;

function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** PostgreSQL refuses to run as root; its own user then runs it. */
function owner(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8")) ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function children(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended in the meantime.
  }
}

/** Makes and starts a server with these settings (`name=value`); undefined where PostgreSQL's programs are not installed. */
export async function killablePostgres(settings: readonly string[] = []): Promise<KillablePostgres | undefined> {
  const bin = programs();
  if (bin === undefined) return undefined;
  const user = owner();
  const folder = mkdtempSync(join(tmpdir(), "slipway-killed-pg-"));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], {
    ...user,
    cwd: folder,
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const args = ["-D", data, "-p", String(port), "-k", folder, "-h", "127.0.0.1", "-c", "max_connections=60"];
  for (const setting of settings) args.push("-c", setting);
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    server = spawn(join(bin, "postgres"), args, { ...user, cwd: folder, stdio: "ignore" });
    const until = performance.now() + START_MS;
    while (
      !(await runSql(url, ["select 1"]).then(
        () => true,
        () => false,
      ))
    ) {
      if (performance.now() > until) throw new Error("PostgreSQL did not start");
      if (server.exitCode !== null)
        server = spawn(join(bin, "postgres"), args, { ...user, cwd: folder, stdio: "ignore" });
      await sleep(20);
    }
  };
  const end = async (): Promise<void> => {
    const pid = server?.pid;
    if (!server || pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    // First the one that would clean up after the others.
    const others = children(pid);
    kill(pid);
    for (const child of others) kill(child);
    await exited;
    while (others.some((child) => existsSync(`/proc/${child}`))) await sleep(5);
  };
  await start();
  return {
    url,
    async killAndRestart() {
      await end();
      await start();
    },
    async close() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
