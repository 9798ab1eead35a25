import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, openSync, readFileSync, readdirSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptLine, canInstall, installPackages } from "../apt.ts";
import { findProgram, isExecutable, runCommand } from "../command.ts";
import { freePort } from "./free-port.ts";
import type { Service, SetUp, Setup } from "./service.ts";
import { until } from "./until.ts";

const OLDEST = 15;
const START_TIMEOUT = 30_000;
/** Unprivileged users that a PostgreSQL may run as, since it refuses root. */
const USERS = ["postgres", "nobody"];
/** For tests that come and go: many connections, and nothing is worth a wait for the disk. */
const SETTINGS = [
  "listen_addresses=127.0.0.1",
  "max_connections=300",
  "fsync=off",
  "synchronous_commit=off",
  "full_page_writes=off",
  "shared_buffers=128MB",
];

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A throwaway PostgreSQL on a free port of the loopback interface, or the one that TEST_DATABASE_URL names. */
export const postgres: Service = {
  requirement: "Postgres",
  title: "PostgreSQL",
  async setUp(setup) {
    const given = process.env["TEST_DATABASE_URL"];
    if (given) return { ok: true, environment: { TEST_DATABASE_URL: given }, what: "TEST_DATABASE_URL" };
    let programs = findPrograms();
    if (programs === undefined && canInstall()) {
      const failure = await installPackages(["postgresql"], setup.say);
      if (failure !== undefined) return missing(`apt-get could not install it: ${failure}`);
      programs = findPrograms();
    }
    if (programs === undefined) return missing(`there is no PostgreSQL ${OLDEST} or later`);
    return await start(programs, setup);
  },
};

function missing(why: string): SetUp {
  return { ok: false, why, remedy: `${aptLine(["postgresql"])}, or set TEST_DATABASE_URL to a superuser's address` };
}

/** The folder with `initdb` and `postgres`: the newest that Debian's packages have put in place, otherwise the one on PATH. */
function findPrograms(): string | undefined {
  const debian = "/usr/lib/postgresql";
  let versions: string[] = [];
  try {
    versions = readdirSync(debian);
  } catch {
    // No such folder: not Debian, or nothing installed.
  }
  const folders = versions
    .filter((version) => Number(version) >= OLDEST)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debian, version, "bin"));
  const onPath = findProgram("initdb");
  if (onPath !== undefined) folders.push(join(onPath, ".."));
  return folders.find((folder) => isExecutable(join(folder, "initdb")) && isExecutable(join(folder, "postgres")));
}

async function start(programs: string, { keeper }: Setup): Promise<SetUp> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-postgres-"));
  keeper.keepFolder(folder);
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  const password = randomBytes(16).toString("hex");
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner !== undefined) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const data = join(folder, "data");
  const rights = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  const initdb = await runCommand(
    join(programs, "initdb"),
    [`--pgdata=${data}`, ...rights, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
    { timeout: START_TIMEOUT, cwd: folder, ...owner },
  );
  if (initdb.code !== 0) return missing(`its initdb failed: ${initdb.output.trim()}`);
  const port = await freePort();
  const log = openSync(join(folder, "log"), "a");
  const args = ["-D", data, "-p", String(port), "-k", folder, ...SETTINGS.flatMap((setting) => ["-c", setting])];
  const child = spawn(join(programs, "postgres"), args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", log, log],
    ...owner,
  });
  child.unref();
  // SIGINT is the "fast" shutdown, which does not wait for clients.
  keeper.keepProcess(child.pid ?? 0, "SIGINT");
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const isReady = async (): Promise<boolean> =>
    child.exitCode !== null ||
    (await runCommand(join(programs, "pg_isready"), ["-q", "-d", url], { timeout: 5_000 })).code === 0;
  if (!(await until(isReady, START_TIMEOUT)) || child.exitCode !== null) {
    return missing(`it did not start: ${readFileSync(join(folder, "log"), "utf8").trim().slice(-2_000)}`);
  }
  const { output } = await runCommand(join(programs, "postgres"), ["--version"], { timeout: 5_000 });
  const version = /\d+(\.\d+)*/.exec(output)?.[0] ?? "";
  return { ok: true, environment: { TEST_DATABASE_URL: url }, what: `${version} on 127.0.0.1:${port}` };
}

/** An unprivileged user of this machine, as /etc/passwd has it. */
function unprivileged(): Owner {
  const lines = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of USERS) {
    const [, , uid, gid] = lines.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is none of the users ${USERS.join(", ")}.`);
}
