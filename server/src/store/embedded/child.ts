import { chmod, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { lockDataFolder } from "./lock.ts";
import type { ChildMessage, ParentMessage } from "./protocol.ts";
import { makeSocketDir, SOCKET_NAME } from "./socket-dir.ts";

// The entry of the child process: PGlite on a unix socket. It ends when the server that started it says so or is gone, and on
// nothing else: Ctrl-C reaches a whole terminal group, and the server needs its database until it has drained.

/** More than the one connection that the store keeps: the checks at start and a migration have their own. */
const MOST_CONNECTIONS = 8;
/** Milliseconds for a clean end; after it the process ends as after a kill, which the data survives. */
const STOP_MS = 5000;

async function openDatabase(folder: string): Promise<PGlite> {
  const data = join(folder, "pglite");
  if (!(await exists(data))) {
    // Made under another name first: a folder that was half made when the process was killed must never be taken for data.
    const draft = join(folder, "pglite.new");
    await rm(draft, { recursive: true, force: true });
    const fresh = new PGlite(draft);
    await fresh.waitReady;
    await fresh.close();
    await rename(draft, data);
  }
  const database = new PGlite(data);
  await database.waitReady;
  return database;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** After an error of PGlite itself its memory cannot be trusted, and the socket server never takes another message. */
function endOnFailure(database: PGlite): void {
  const exec = database.execProtocolRawStream.bind(database);
  database.execProtocolRawStream = async (message, options) => {
    try {
      await exec(message, options);
    } catch (error) {
      process.stderr.write(`The embedded database failed: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    }
  };
}

async function serve(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // PGlite makes its files readable and writable by everyone, whatever the umask; the folder keeps everyone out.
  await chmod(folder, 0o700);
  const socketDir = await makeSocketDir();
  const removeSocket = (): Promise<void> => rm(socketDir, { recursive: true, force: true });
  try {
    const lock = await lockDataFolder(folder, socketDir);
    const database = await openDatabase(folder);
    endOnFailure(database);
    const server = new PGLiteSocketServer({
      db: database,
      path: join(socketDir, SOCKET_NAME),
      maxConnections: MOST_CONNECTIONS,
    });
    await server.start();
    tell({ type: "ready", socketDir });
    return async () => {
      await server.stop();
      await database.close();
      await removeSocket();
      await lock.release();
    };
  } catch (error) {
    await removeSocket();
    throw error;
  }
}

function tell(message: ChildMessage): void {
  // Without a channel the server is gone, and `disconnect` is on its way.
  if (process.connected) process.send?.(message);
}

function refuse(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  tell({ type: "refused", message, hint: error instanceof SlipwayError ? error.hint : undefined });
  process.exitCode = 1;
  process.disconnect?.();
}

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  const folder = process.argv[2];
  if (folder === undefined) throw new Error("Usage: child.ts <data folder>");
  let stopping = false;
  const serving = serve(folder);
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    const end = await serving;
    await end();
    process.exit(0);
  };
  process.on("message", (message: ParentMessage) => {
    if (message.type === "stop") void stop();
  });
  process.on("disconnect", () => void stop());
  await serving;
}

main().catch(refuse);
