import { execFile } from "node:child_process";
import { readFile, readdir, readlink } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { resolve } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { createDatabase } from "./postgres.ts";
import { requirePostgres } from "./require.ts";
import { type RunningServer, startServer } from "./server.ts";

const MAIN = resolve(import.meta.dirname, "../../server/src/main.ts");
/** TCP_ESTABLISHED, as the kernel writes it. */
const ESTABLISHED = "01";
const ENCRYPTION_KEY = "an-encryption-key-for-tests-only-0123";

/** How servers with workers are started. */
export interface WorkersOptions {
  /** Processes of a server. */
  readonly workers: number;
  /** Servers on the one database; default 1. */
  readonly servers?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The settings of a server on a PostgreSQL database of its own, which is removed with the test, after `stop`; undefined, and the test
 * skipped, without PostgreSQL.
 */
export async function migratedDatabase(
  t: TestContext,
  stop: () => Promise<void> = () => Promise.resolve(),
): Promise<Readonly<Record<string, string>> | undefined> {
  const superuser = requirePostgres(t);
  if (superuser === undefined) return undefined;
  const database = await createDatabase(superuser);
  t.after(async () => {
    await stop();
    await database.drop();
  });
  await promisify(execFile)(process.execPath, [MAIN, "migrate", "--grant-to", database.login], {
    env: { PATH: process.env["PATH"], ENCRYPTION_KEY, MIGRATION_DATABASE_URL: database.adminUrl },
  });
  return { DATABASE_URL: database.url, ENCRYPTION_KEY, MIGRATE_AT_START: "false" };
}

/** Starts servers on one database of their own; undefined, and the test skipped, without PostgreSQL. */
export async function startWorkers(t: TestContext, options: WorkersOptions): Promise<RunningServer[] | undefined> {
  const servers: RunningServer[] = [];
  const settings = await migratedDatabase(t, async () => {
    for (const server of servers) await server.stop();
  });
  if (settings === undefined) return undefined;
  for (let count = 0; count < (options.servers ?? 1); count += 1) {
    servers.push(
      await startServer({
        args: ["--workers", String(options.workers)],
        env: {
          ...settings,
          LOG_LEVEL: "info",
          API_KEY: "a-key-of-the-tests-of-workers",
          ...options.env,
        },
      }),
    );
  }
  return servers;
}

/** The processes that a process has started and that have not ended. */
export async function childrenOf(pid: number): Promise<number[]> {
  // pgrep ends with 1 when it finds none.
  const { stdout } = await promisify(execFile)("pgrep", ["-P", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter(Boolean).map(Number);
}

/** How many connections to a server's port a process of it holds, as the kernel tells (proc_pid_net(5)). */
export async function connectionsOf(pid: number, server: Pick<RunningServer, "url">): Promise<number> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  // One that has been closed since the listing has no target any more.
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  const held = new Set(targets.map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1]));
  const port = Number(new URL(server.url).port).toString(16).toUpperCase().padStart(4, "0");
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8")));
  const rows = tables.flatMap((table) => table.split("\n")).map((line) => line.trim().split(/\s+/));
  return rows.filter(
    ([, local, , state, , , , , , inode]) => local?.endsWith(`:${port}`) && state === ESTABLISHED && held.has(inode),
  ).length;
}

/** An answer, as far as it has come. */
export interface Asked {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** The whole body; rejects when the connection breaks before its end. */
  text(): Promise<string>;
  /** Hangs up. */
  leave(): void;
}

/** Asks on a connection of its own, because those that are kept stay with their worker. */
export function ask(
  server: Pick<RunningServer, "url" | "apiKey">,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: unknown } = {},
): Promise<Asked> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...options.headers };
  return new Promise((answered, reject) => {
    const asked = request(
      new URL(path, server.url),
      { agent: false, method: options.method ?? (body === undefined ? "GET" : "POST"), headers },
      (answer) => {
        answer.setEncoding("utf8");
        answered({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          async text() {
            let text = "";
            for await (const piece of answer) text += String(piece);
            return text;
          },
          leave: () => void answer.destroy(),
        });
      },
    );
    // Of no use to an answer that has come: its reader is told by the stream.
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Asks the mock for an answer of `words` words. */
export function chat(server: Pick<RunningServer, "url" | "apiKey">, words: number, stream: boolean): Promise<Asked> {
  const messages = [{ role: "user", content: "word ".repeat(words) }];
  return ask(server, "/v1/chat/completions", { body: { model: "mock-1", stream, messages } });
}

/** Whether the text of a stream is all of it. */
export function isWhole(text: string): boolean {
  return text.includes('"finish_reason":"stop"') && text.endsWith("data: [DONE]\n\n");
}

/** The numbers of the workers that have answered chats, as the access log names them. */
export function workersThatServed(server: RunningServer): ReadonlySet<number> {
  const lines = server
    .output()
    .split("\n")
    .filter((line) => line.includes('"route":"/v1/chat/completions"'));
  return new Set(lines.map((line) => Number(/"worker":(\d+)/.exec(line)?.[1])));
}

/** How often a worker of this server has become ready. */
export function readyCount(server: RunningServer): number {
  return server.output().match(/"msg":"ready"/g)?.length ?? 0;
}

/** Looks until it is so, for at most half a minute; `pauseMs` between two looks. */
export async function until(what: string, check: () => Promise<boolean> | boolean, pauseMs = 100): Promise<void> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    if (await check()) return;
    await new Promise((done) => setTimeout(done, pauseMs));
  }
  throw new Error(`did not come to pass: ${what}`);
}
