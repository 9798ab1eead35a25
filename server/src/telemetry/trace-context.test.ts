import assert from "node:assert/strict";
import { test } from "node:test";
import { continueTrace } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

test("a valid traceparent is continued under a span of our own", () => {
  const trace = continueTrace(`00-${TRACE}-00f067aa0ba902b7-00`);
  assert.equal(trace.traceId, TRACE);
  assert.match(trace.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  assert.ok(!trace.traceparent.includes("00f067aa0ba902b7"));
});

test("a later version with more fields is continued, as the standard asks", () => {
  assert.equal(continueTrace(`cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-will-be-like`).traceId, TRACE);
});

for (const bad of [
  undefined,
  "",
  "garbage",
  `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `ff-${TRACE}-00f067aa0ba902b7-01`,
  `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${TRACE}-00f067aa0ba902b7-01-extra`,
]) {
  test(`a new trace begins for ${JSON.stringify(bad)}`, () => {
    const trace = continueTrace(bad);
    assert.match(trace.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.notEqual(trace.traceId, TRACE);
  });
}
