import assert from "node:assert/strict";
import { test } from "node:test";
import onCall from "./on-call/agent.ts";
import releaseNotes from "./release-notes/agent.ts";

const context = {
  tenantId: "t1",
  agent: "on-call",
  runId: "run_1",
  threadId: "thr_1",
  signal: new AbortController().signal,
};

function call(agent: typeof onCall, name: string, input: unknown): unknown {
  const tool = agent.tools?.[name];
  assert.ok(tool, `there is a tool ${name}`);
  return tool.run(tool.input.parse(input), context);
}

test("the rota goes round by weeks, also before it began, and a swap goes before it", () => {
  const who = (day: string): unknown => (call(onCall, "who_is_on_call", { day }) as { onCall: string }).onCall;
  assert.equal(who("2026-01-05"), "Ines");
  assert.equal(who("2026-01-11"), "Ines");
  assert.equal(who("2026-01-12"), "Tomasz");
  assert.equal(who("2026-02-02"), "Ines");
  assert.equal(who("2026-01-04"), "Samuel");
  assert.equal(who("2026-12-24"), "Aiko");
  assert.throws(() => who("2026-13-01"));
});

test("commits are sorted by their convention, and those without one are kept", () => {
  const subjects = ["feat(api): list agents", "fix: close the socket", "feat!: drop Node 20", "Tidy up", "docs: typo"];
  assert.deepEqual(call(releaseNotes, "group_commits", { subjects }), {
    breaking: ["drop Node 20"],
    features: ["api: list agents"],
    fixes: ["close the socket"],
    others: ["Tidy up", "typo"],
  });
});
