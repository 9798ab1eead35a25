import assert from "node:assert/strict";
import { test } from "node:test";
import type { NewAuditRecord } from "../../audit-records.ts";
import { inPieces } from "./in-pieces.ts";

function record(content: Uint8Array | null): NewAuditRecord {
  return {
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
    content,
  };
}

const ofBytes = (...sizes: readonly (number | null)[]) =>
  sizes.map((size) => record(size === null ? null : Buffer.alloc(size)));

test("records are written in as many statements as their contents need, in their order", () => {
  const cases: readonly (readonly [readonly (number | null)[], readonly number[]])[] = [
    [[], []],
    [[null, null, null], [3]],
    [[4, 6, null], [3]],
    [
      [4, 7, 3, null, 1],
      [1, 3, 1],
    ],
    [
      [1, 25, 1],
      [1, 1, 1],
    ],
    [[25], [1]],
  ];
  for (const [sizes, lengths] of cases) {
    const records = ofBytes(...sizes);
    const pieces = inPieces(records, 10);
    assert.deepEqual(
      pieces.map(({ length }) => length),
      lengths,
    );
    assert.deepEqual(pieces.flat(), records);
  }
});

test("a group of the largest contents that can be configured is more than one statement could carry", () => {
  const content = Buffer.alloc(10 * 1024 * 1024);
  const records = Array.from({ length: 40 }, () => record(content));
  assert.ok(inPieces(records).every((piece) => piece.length === 1));
});
