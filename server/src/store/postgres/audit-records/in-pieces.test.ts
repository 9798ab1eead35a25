import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewAuditRecord } from "../../audit-records.ts";
import type { RecordLine } from "../../record-line.ts";
import { auditRecordLine } from "./append.ts";
import { inPieces } from "./in-pieces.ts";

const RECORD: NewAuditRecord = {
  id: "aud_1",
  tenantId: "t",
  actor: "key:key_1",
  action: "model.call",
  target: "mock-1",
  outcome: "ok",
  code: null,
  requestId: "req_1",
  release: "1.0.0",
  at: new Date(0),
  cost: null,
  clientIp: null,
  level: "full",
};

const lineOf = (length: number): RecordLine => ({ tenantId: "t", text: "x".repeat(length), fields: () => ({}) });

test("records are written in as many statements as their contents need, in their order", () => {
  const cases: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[], []],
    [[0, 0, 0], [3]],
    [[4, 6, 0], [3]],
    [
      [4, 7, 3, 0, 1],
      [1, 3, 1],
    ],
    [
      [1, 25, 1],
      [1, 1, 1],
    ],
    [[25], [1]],
  ];
  for (const [sizes, lengths] of cases) {
    const lines = sizes.map(lineOf);
    const pieces = inPieces(lines, 10);
    assert.deepEqual(
      pieces.map(({ length }) => length),
      lengths,
    );
    assert.deepEqual(pieces.flat(), lines);
  }
});

test("a group of the largest contents that can be configured is more than one statement could carry", () => {
  const content = Buffer.alloc(10 * 1024 * 1024);
  const line = auditRecordLine({ ...RECORD, content });
  assert.ok(inPieces(Array.from({ length: 40 }, () => line)).every((piece) => piece.length === 1));
});
