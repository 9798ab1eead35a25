import assert from "node:assert/strict";
import { test } from "node:test";
import { auditRecordLine } from "./audit-records/append.ts";
import { usageLine } from "./usage-ledger/append.ts";

const AT = new Date("2026-01-02T03:04:05.678Z");

test("a line names every value of the audit record that it was made of", () => {
  const record = {
    id: "aud_1",
    tenantId: "acme",
    actor: "key:key_1",
    action: "model.call",
    target: "gpt",
    outcome: "denied",
    code: "rate_limited",
    cost: 7,
    clientIp: "203.0.113.7",
    requestId: "req_1",
    release: "r1",
  } as const;
  const line = auditRecordLine({ ...record, at: AT, level: "full", content: Buffer.from("what was said") });
  assert.deepEqual(line.fields(), {
    ...record,
    at: AT.getTime(),
    level: "full",
    content: Buffer.from("what was said").toString("base64"),
  });
});

test("a line names every value of the usage that it was made of", () => {
  const entry = {
    id: "use_1",
    tenantId: "acme",
    requestId: "req_1",
    keyId: "key_1",
    agent: "greeter",
    provider: "openai",
    model: "gpt",
    source: "drained",
    cost: 7,
    priceVersion: "p1",
    outcome: "aborted",
    routesVersion: "v1",
    route: "chat",
    userId: "usr_1",
  } as const;
  const usage = { input: 1, cachedRead: 2, cacheWrite: 30, output: 4, reasoning: 5, cacheWrite1h: 6 };
  assert.deepEqual(usageLine({ ...entry, usage, at: AT }).fields(), { ...entry, ...usage, at: AT.getTime() });
});
