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
