import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFile, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { later } from "#store/testing/databases.ts";
import { sinkRecord } from "../testing/records.ts";
import { createFileSink, type FileSettings } from "./file.ts";
import type { AuditSink } from "./sink.ts";

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "slipway-sink-"));
  later(t, () => rm(made, { recursive: true, force: true }));
  return made;
}

function sinkFor(t: TestContext, path: string, settings: Partial<FileSettings> = {}): AuditSink {
  const sink = createFileSink({ path, maxBytes: 1024 * 1024, keep: 3, fsync: "batch", ...settings });
  later(t, () => sink.close());
  return sink;
}

const { signal } = new AbortController();
const records = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => sinkRecord(from + n));

/** The ids in a file; throws on a line that is no whole record. */
async function idsIn(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8");
  assert.ok(text === "" || text.endsWith("\n"), "the file ends within a line");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { id: string }).id);
}

test("records are lines of a file that nobody else may read; its folder is made", async (t) => {
  const path = join(await folder(t), "deep", "audit.jsonl");
  const sink = sinkFor(t, path);
  assert.deepEqual(await sink.deliver(records(1, 3), signal), { kind: "delivered", count: 3 });
  assert.deepEqual(await sink.deliver(records(4, 5), signal), { kind: "delivered", count: 2 });
  assert.deepEqual(
    await idsIn(path),
    records(1, 5).map(({ id }) => id),
  );
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("the file is rotated by its size, and no more files are kept than were asked for", async (t) => {
  const dir = await folder(t);
  const path = join(dir, "audit.jsonl");
  const line = Buffer.byteLength(sinkRecord(10).json) + 1;
  const sink = sinkFor(t, path, { maxBytes: 10 * line, keep: 2 });
  for (let n = 1; n <= 45; n += 5) await sink.deliver(records(n, n + 4), signal);
  assert.deepEqual((await readdir(dir)).sort(), ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]);
  for (const name of await readdir(dir)) assert.ok((await stat(join(dir, name))).size <= 10 * line, name);
  const kept = [...(await idsIn(`${path}.2`)), ...(await idsIn(`${path}.1`)), ...(await idsIn(path))];
  assert.deepEqual(
    kept,
    records(21, 45).map(({ id }) => id),
  );
});

test("half a line that a killed process left is ended, and its record is there whole behind it", async (t) => {
  const path = join(await folder(t), "audit.jsonl");
  await sinkFor(t, path).deliver(records(1, 2), signal);
  await appendFile(path, sinkRecord(3).json.slice(0, 20));
  await sinkFor(t, path).deliver(records(3, 4), signal);
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  const whole = lines.filter((text) => text.endsWith("}"));
  assert.deepEqual(
    whole.map((text) => (JSON.parse(text) as { id: string }).id),
    records(1, 4).map(({ id }) => id),
  );
  assert.equal(lines.length, 5);
});

test("a file that somebody moved away is begun anew at its path", async (t) => {
  const path = join(await folder(t), "audit.jsonl");
  const sink = sinkFor(t, path);
  await sink.deliver(records(1, 2), signal);
  await rename(path, `${path}.moved`);
  await sink.deliver(records(3, 4), signal);
  assert.deepEqual(
    await idsIn(`${path}.moved`),
    records(1, 2).map(({ id }) => id),
  );
  assert.deepEqual(
    await idsIn(path),
    records(3, 4).map(({ id }) => id),
  );
});

test("on a full disk a delivery fails whole, and goes on when there is room", async (t) => {
  const dir = await folder(t);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir], { stdio: "ignore" });
  if (mounted.status !== 0) {
    t.skip("only who may mount can have a disk so small");
    return;
  }
  later(t, () => spawnSync("umount", ["-l", dir], { stdio: "ignore" }));
  const path = join(dir, "audit.jsonl");
  // The control: an append that takes nothing back leaves half a line.
  const tooMuch = records(1, 2000).map(({ json }) => `${json}\n`);
  await assert.rejects(appendFile(path, tooMuch.join("")), { code: "ENOSPC" });
  await assert.rejects(idsIn(path));
  await rm(path);
  const sink = sinkFor(t, path);
  let next = 1;
  for (;;) {
    const delivery = await sink.deliver(records(next, next + 99), signal);
    if (delivery.kind !== "delivered") {
      assert.deepEqual(delivery, { kind: "failed", reason: "the disk is full" });
      break;
    }
    next += 100;
    assert.ok(next < 5000, "the disk was never full");
  }
  assert.deepEqual(
    await idsIn(path),
    records(1, next - 1).map(({ id }) => id),
    "no half line, no record too many",
  );
  spawnSync("mount", ["-o", "remount,size=1m", dir], { stdio: "ignore" });
  assert.equal((await sink.deliver(records(next, next + 99), signal)).kind, "delivered");
  assert.deepEqual(
    await idsIn(path),
    records(1, next + 99).map(({ id }) => id),
  );
});

test("a path that cannot be written is a failure, not an exception", async (t) => {
  const dir = await folder(t);
  const delivery = await sinkFor(t, dir).deliver(records(1, 1), signal);
  assert.ok(delivery.kind === "failed" && /EISDIR|directory/i.test(delivery.reason));
});
