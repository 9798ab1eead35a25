import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { processScope, processStart } from "./process-identity.ts";

/** Who holds a data folder. */
interface Holder {
  readonly pid: number;
  readonly start: string;
  /** The process that started the holder; when it is gone, the holder is about to end. */
  readonly parentPid: number;
  readonly parentStart: string;
  readonly scope: string;
  /** Removed by whoever takes the lock over. */
  readonly socketDir: string;
}

/** A lock that is held. */
export interface DataLock {
  release(): Promise<void>;
}

/** Milliseconds between two signs of life, for those who cannot see this process: another container, another machine. */
const BEAT_MS = 1000;
/** Milliseconds without a sign of life after which a holder that cannot be seen counts as dead. */
const SILENT_MS = 5000;
/** Milliseconds that a holder without a parent gets to end by itself. */
const ORPHAN_MS = 10_000;
const POLL_MS = 50;
/** Taking over is a few file operations; one that is older belongs to a process that was killed in the middle of them. */
const TAKEOVER_MS = 10_000;

/**
 * Takes the lock of a data folder. PGlite itself lets two processes open the same files and spoils them without a word, so
 * this is the only thing between them. The lock of a process that has ended is taken over; that of a living one is an error
 * which names it. Throws `database_unavailable`.
 */
export async function lockDataFolder(folder: string, socketDir: string): Promise<DataLock> {
  const path = join(folder, "lock");
  const draft = join(folder, `lock.${randomBytes(6).toString("hex")}`);
  const mine = JSON.stringify(await self(socketDir));
  await writeFile(draft, mine, { flag: "wx", mode: 0o600 });
  try {
    while (!(await linked(draft, path))) await waitOrTakeOver(path, folder);
  } finally {
    await rm(draft, { force: true });
  }
  const beat = setInterval(() => {
    const now = new Date();
    // A folder that is gone has no lock to keep; the database will say so.
    utimes(path, now, now).catch(() => {});
  }, BEAT_MS);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if ((await contentOf(path)) === mine) await rm(path, { force: true });
    },
  };
}

async function self(socketDir: string): Promise<Holder> {
  return {
    pid: process.pid,
    start: (await processStart(process.pid)) ?? "",
    parentPid: process.ppid,
    parentStart: (await processStart(process.ppid)) ?? "",
    scope: await processScope(),
    socketDir,
  };
}

/** True when the lock is now ours. A link shows the file only when it is whole, and fails where there is one. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Returns when the lock may be tried again; throws when a living process holds it. */
async function waitOrTakeOver(path: string, folder: string): Promise<void> {
  const content = await contentOf(path);
  if (content === undefined) return;
  const holder = parse(content);
  if (holder && (await outlives(holder, path))) throw taken(folder, holder);
  await takeOver(path, content, holder);
}

/** True when the holder lives and will go on living. */
async function outlives(holder: Holder, path: string): Promise<boolean> {
  if (holder.scope !== (await processScope())) return showsLife(path);
  for (let waited = 0; waited < ORPHAN_MS; waited += POLL_MS) {
    if ((await processStart(holder.pid)) !== holder.start) return false;
    if ((await processStart(holder.parentPid)) === holder.parentStart) return true;
    await sleep(POLL_MS);
  }
  return true;
}

/** Watches the file and asks no clock: two machines may differ in time. */
async function showsLife(path: string): Promise<boolean> {
  const before = await changedAt(path);
  for (let waited = 0; waited < SILENT_MS; waited += POLL_MS) {
    await sleep(POLL_MS);
    if ((await changedAt(path)) !== before) return true;
  }
  return false;
}

/**
 * Removes the lock of a dead holder. One at a time, and only while the file is still that holder's: otherwise the second of two
 * would remove the lock that the first has just taken.
 */
async function takeOver(path: string, content: string, holder: Holder | undefined): Promise<void> {
  const turn = `${path}.takeover`;
  try {
    await writeFile(turn, String(process.pid), { flag: "wx", mode: 0o600 });
  } catch {
    const since = await changedAt(turn);
    if (since !== undefined && Date.now() - since > TAKEOVER_MS) await rm(turn, { force: true });
    await sleep(POLL_MS);
    return;
  }
  try {
    if ((await contentOf(path)) !== content) return;
    if (holder) await rm(holder.socketDir, { recursive: true, force: true });
    await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function changedAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/** Undefined for a file that is no lock of ours, for example one that a full disk left empty. */
function parse(content: string): Holder | undefined {
  try {
    const value = JSON.parse(content) as Partial<Holder>;
    const whole =
      typeof value.pid === "number" && typeof value.start === "string" && typeof value.socketDir === "string";
    return whole ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function taken(folder: string, holder: Holder): SlipwayError {
  return new SlipwayError("database_unavailable", `The data folder ${folder} is used by process ${holder.pid}.`, {
    hint: `Stop the server that uses it (process ${holder.parentPid}), or choose another folder with --home or SLIPWAY_HOME.`,
  });
}
