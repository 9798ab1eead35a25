import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { test, type TestContext } from "node:test";
import { createAccessLog } from "./access-log.ts";

/** What an access log writes for lines with these models, write by write. */
function writes(t: TestContext, worker: number | undefined, models: readonly string[]): string[] {
  const written: string[] = [];
  t.mock.method(fs, "writeSync", (_fd: number, bytes: Buffer, offset: number, length?: number) => {
    const piece = bytes.subarray(offset, length === undefined ? undefined : offset + length);
    written.push(piece.toString());
    return piece.length;
  });
  syncBuiltinESMExports();
  try {
    const log = createAccessLog({ enabled: true, release: "r", worker });
    for (const model of models) {
      log.write({
        requestId: "req",
        traceId: "trace",
        tenantId: "t",
        keyId: "k",
        method: "POST",
        route: "/v1/chat/completions",
        status: 200,
        durationMs: 1,
        model,
        code: undefined,
      });
    }
    log.flush();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
  return written;
}

const MODELS = Array.from({ length: 200 }, (_, at) => "模".repeat(at % 40));

test("beside other workers each write is whole lines that a pipe takes in one piece, and each line names its worker", (t) => {
  const written = writes(t, 3, [...MODELS, "x".repeat(5000), "last"]);
  for (const piece of written) {
    assert.ok(piece.endsWith("\n"));
    const lines = piece.trimEnd().split("\n");
    assert.ok(Buffer.byteLength(piece) <= 4096 || lines.length === 1);
    for (const line of lines) assert.equal((JSON.parse(line) as { worker: number }).worker, 3);
  }
  assert.equal(written.join("").split("\n").length - 1, MODELS.length + 2);
});

test("control: a process that is alone writes more at once, and says nothing of workers", (t) => {
  const written = writes(t, undefined, MODELS);
  assert.ok(written.some((piece) => Buffer.byteLength(piece) > 4096));
  assert.ok(!written.join("").includes("worker"));
});

test("a line says what its own request was, whatever the one before it said, and how long it took to two places", (t) => {
  const written: string[] = [];
  t.mock.method(fs, "writeSync", (_fd: number, bytes: Buffer) => written.push(bytes.toString()) && bytes.length);
  syncBuiltinESMExports();
  const log = createAccessLog({ enabled: true, release: "r" });
  const first = {
    requestId: "req_1",
    traceId: "t1",
    tenantId: "a",
    keyId: "k",
    method: "POST",
    route: "/v1/chat/completions",
    status: 200,
    durationMs: 12.3456,
    model: "m",
    routes: "v1",
    code: undefined,
  };
  const changes = [
    {},
    { requestId: 'req "2"', traceId: "t2", durationMs: 0.999 },
    { tenantId: undefined, keyId: undefined },
    { tenantId: "b" },
    { keyId: "l" },
    { method: "GET" },
    { route: "/v1/models" },
    { status: 500 },
    { model: undefined },
    { routes: undefined },
    { code: "internal" },
    { durationMs: 7.004 },
  ];
  try {
    for (const change of changes) log.write({ ...first, ...change });
    log.flush();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
  const said = written.join("").trimEnd().split("\n");
  for (const [at, change] of changes.entries()) {
    const { time, level, release, msg, ...line } = JSON.parse(said[at] ?? "") as Record<string, unknown>;
    assert.deepEqual([level, release, msg, typeof time], ["info", "r", "request", "string"]);
    const wanted = { ...first, ...change };
    const durationMs = Math.round(wanted.durationMs * 100) / 100;
    assert.deepEqual(line, JSON.parse(JSON.stringify({ ...wanted, durationMs })));
  }
});
