import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sinkRecord } from "../testing/records.ts";
import { createStdoutSink } from "./stdout.ts";

const RECORDS = Array.from({ length: 1000 }, (_, n) => sinkRecord(n + 1));

/** Both ends of a pipe: ours, which waits when it is full or does not, and a process that reads the other when told to. */
async function pipe(t: TestContext, waits: boolean) {
  const dir = await mkdtemp(join(tmpdir(), "slipway-pipe-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, "pipe");
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  const fd = openSync(path, constants.O_RDWR | (waits ? 0 : constants.O_NONBLOCK));
  t.after(() => closeSync(fd));
  const read = async (lines: number): Promise<readonly string[]> => {
    const reader = spawn("head", ["-n", String(lines), path], { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    reader.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(reader, "close");
    return text.trimEnd().split("\n");
  };
  return { fd, read };
}

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly audit: { readonly id: string };
}

test("each record is a line like the log's, and lines of others come between but never into them", async (t) => {
  const { fd, read } = await pipe(t, false);
  const reading = read(1200);
  const sending = createStdoutSink(fd).deliver(RECORDS, new AbortController().signal);
  for (let n = 0; n < 200;) {
    try {
      writeSync(fd, `{"level":"info","msg":"another's","n":${n}}\n`);
      n += 1;
    } catch {
      // The pipe is full for a moment.
      await sleep(1);
    }
  }
  assert.deepEqual(await sending, { kind: "delivered", count: 1000 });
  const lines = (await reading).map((line) => JSON.parse(line) as Line);
  const ours = lines.filter(({ msg }) => msg === "audit");
  assert.deepEqual(
    ours.map(({ audit }) => audit.id),
    RECORDS.map(({ id }) => id),
  );
});

test("a reader that does not read stops the sink and nothing else", async (t) => {
  const { fd, read } = await pipe(t, false);
  const stop = new AbortController();
  const sink = createStdoutSink(fd);
  const sending = sink.deliver(RECORDS, stop.signal);
  // More than a pipe holds: it cannot end. Meanwhile the process does other things.
  for (let turn = 0; turn < 20; turn += 1) await sleep(5);
  stop.abort();
  const delivery = await sending;
  assert.deepEqual(delivery, { kind: "failed", reason: "nobody reads standard output" });
  // When somebody reads again, everything comes, the first part for the second time with the same ids.
  const reading = read(RECORDS.length + 1);
  assert.equal((await sink.deliver(RECORDS, new AbortController().signal)).kind, "delivered");
  const first = (JSON.parse((await reading)[0] ?? "{}") as Line).audit.id;
  assert.equal(first, RECORDS[0]?.id);
});

test("a pipe that waits when it is full holds up neither the process nor its other files", async (t) => {
  const { fd, read } = await pipe(t, true);
  let ended = false;
  const sending = createStdoutSink(fd)
    .deliver(RECORDS, new AbortController().signal)
    .finally(() => (ended = true));
  for (let turn = 0; turn < 20; turn += 1) {
    await sleep(5);
    await stat(import.meta.filename);
  }
  assert.equal(ended, false, "the pipe held all of it");
  const lines = await read(RECORDS.length);
  assert.deepEqual(await sending, { kind: "delivered", count: RECORDS.length });
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as Line).audit.id),
    RECORDS.map(({ id }) => id),
  );
});
