import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { createLogger } from "#telemetry/logger.ts";
import { takeSeat } from "./seat.ts";
import { supervise } from "./supervise.ts";

// Run with an argument, this file is a keeper, or one of its workers, which serves nothing.

async function keep(): Promise<void> {
  process.exitCode = await supervise({
    workers: 2,
    environment: process.env,
    drainTimeoutMs: 1000,
    limits: { concurrency: 1, concurrencyPerKey: 1, requestsPerMinute: 0 },
    log: createLogger({ level: "info", release: "test" }),
    onReady: () => {},
    // A worker is ended after six without an answer: so long a busy machine holds none.
    pingMs: 1000,
  });
}

async function work(): Promise<void> {
  const siblings = await takeSeat();
  const hangs = process.env["HANGS"] === "yes" && siblings.seat.worker === 2;
  process.once("SIGTERM", () => siblings.leave());
  process.send?.({ type: "ready", url: "http://127.0.0.1:1" }, () => {
    if (hangs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}

/** Runs a keeper until a line of its log matches, asks it to end, and answers its exit code and what it logged. */
async function run(env: Record<string, string>, enough: RegExp): Promise<{ code: number | null; lines: string[] }> {
  const keeper = spawn(process.execPath, [import.meta.filename, "keeper"], { env: { ...process.env, ...env } });
  const lines: string[] = [];
  const ended = once(keeper, "exit");
  for await (const line of createInterface(keeper.stdout)) {
    lines.push(line);
    if (enough.test(line)) keeper.kill("SIGTERM");
  }
  const [code] = (await ended) as [number | null];
  return { code, lines };
}

if (process.argv[2] === "keeper") await keep();
else if (process.argv[2] === "worker") await work();
else {
  test("a worker whose event loop stands still is ended and another one started", async () => {
    const { lines } = await run({ HANGS: "yes" }, /is started again/);
    assert.ok(
      lines.some((line) => line.includes("a worker does not answer and is ended") && line.includes('"worker":2')),
    );
    assert.ok(!lines.some((line) => line.includes('"worker":1')));
  });

  test("control: workers that answer are left alone", async () => {
    const { code, lines } = await run({}, /all workers are ready/);
    assert.equal(code, 0);
    assert.ok(!lines.some((line) => line.includes("does not answer")));
  });
}
