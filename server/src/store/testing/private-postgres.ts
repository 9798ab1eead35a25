import { spawn, type ChildProcess } from "node:child_process";
import { chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, later } from "./databases.ts";

/** A PostgreSQL server of a test's own, which may be frozen, stopped and started again. */
export interface PrivatePostgres {
  /** The superuser's address. */
  readonly url: string;
  /** Stops every process of the server in its tracks; it answers nothing and closes nothing. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Ends it as an administrator would, cutting connections. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const FOLDERS = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/** Makes and starts a server; undefined after the test was skipped, with its reason, where PostgreSQL's programs are not there. */
export async function privatePostgres(t: TestContext): Promise<PrivatePostgres | undefined> {
  const programs = await findPrograms();
  const user = await unprivilegedUser();
  if (programs === undefined || user === undefined) {
    t.skip("requires PostgreSQL's own programs (initdb, postgres): apt-get install postgresql");
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), "slipway-pg-"));
  later(t, () => rm(folder, { recursive: true, force: true }));
  if (user.uid !== undefined) await chown(folder, user.uid, user.uid);
  const data = join(folder, "data");
  const initdb = spawn(join(programs, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], {
    ...user,
    cwd: folder,
    stdio: "ignore",
  });
  if ((await exitOf(initdb)) !== 0) throw new Error("initdb failed");
  const port = await freePort();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const settings = ["-p", String(port), "-k", folder, "-h", "127.0.0.1", "-F", "-c", "max_connections=20"];
  let server: ChildProcess | undefined;
  const postgres: PrivatePostgres = {
    url,
    async freeze() {
      await signal(server, "SIGSTOP");
    },
    async thaw() {
      await signal(server, "SIGCONT");
    },
    async stop() {
      if (!server) return;
      const exited = exitOf(server);
      // Fast shutdown: https://www.postgresql.org/docs/current/server-shutdown.html
      server.kill("SIGINT");
      await exited;
      server = undefined;
    },
    async start() {
      server = spawn(join(programs, "postgres"), ["-D", data, ...settings], { ...user, cwd: folder, stdio: "ignore" });
      for (let n = 0; n < 500; n += 1) {
        const client = await connect({ engine: "postgresql", url }).catch(() => undefined);
        await client?.end();
        if (client) return;
        await sleep(20);
      }
      throw new Error("PostgreSQL did not start");
    },
  };
  later(t, async () => {
    await postgres.thaw();
    await postgres.stop();
  });
  await postgres.start();
  return postgres;
}

async function findPrograms(): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.toSorted((a, b) => Number(b) - Number(a))) {
      const bin = join(folder, name, "bin");
      const programs = await readdir(bin).catch((): string[] => []);
      if (programs.includes("initdb") && programs.includes("postgres")) return bin;
    }
  }
  return undefined;
}

/** PostgreSQL refuses to run as root; its own user then runs it. */
async function unprivilegedUser(): Promise<{ readonly uid?: number; readonly gid?: number } | undefined> {
  if (process.getuid?.() !== 0) return {};
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((entry) => entry.startsWith("postgres:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Signals the server and its children; the server first, so that a frozen one makes no more of them. */
async function signal(server: ChildProcess | undefined, name: NodeJS.Signals): Promise<void> {
  if (server?.pid === undefined) return;
  server.kill(name);
  const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").catch(() => "");
  for (const pid of children.trim().split(" ").filter(Boolean)) {
    try {
      process.kill(Number(pid), name);
    } catch {
      // It has ended in the meantime.
    }
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
