import assert from "node:assert/strict";
import { test } from "node:test";
import agent from "./agent.ts";

const context = {
  tenantId: "t1",
  agent: "panelin",
  runId: "run_1",
  threadId: "thr_1",
  signal: new AbortController().signal,
};

function call(name: string, input: unknown): unknown {
  const tool = agent.tools?.[name];
  assert.ok(tool, `there is a tool ${name}`);
  return tool.run(tool.input.parse(input), context);
}

test("a panel is found by its code in either case, and an unknown one is answered with those that there are", () => {
  assert.equal((call("look_up_panel", { code: "roof-50" }) as { maxSpanM: number }).maxSpanM, 2.6);
  assert.match(String(call("look_up_panel", { code: "ROOF-40" })), /no panel ROOF-40.*ROOF-30, ROOF-50/);
  assert.throws(() => call("look_up_panel", { code: "50" }));
});

test("whole panels are sold, and supports stand at both ends and between", () => {
  // 6 m along panels that span 2.6 m: three fields, four supports. 10.2 m across 1 m panels: eleven of them.
  assert.deepEqual(call("quote_surface", { code: "ROOF-50", lengthM: 6, widthM: 10.2 }), {
    code: "ROOF-50",
    panels: 11,
    panelLengthM: 6,
    areaM2: 66,
    supports: 4,
    priceUsd: 2435.4,
  });
  // Ten panels of 1.15 m cover 11.5 m exactly, whatever the floating point says.
  assert.equal(
    (call("quote_surface", { code: "WALL-50", lengthM: 2.8, widthM: 11.5 }) as { panels: number }).panels,
    10,
  );
  assert.throws(() => call("quote_surface", { code: "ROOF-50", lengthM: 20, widthM: 5 }));
});
