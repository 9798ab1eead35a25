import assert from "node:assert/strict";
import { test } from "node:test";
import { readableLogLine } from "./log-lines.ts";

const time = "2026-11-21T07:18:37.000Z";
const clock = new Date(time).toTimeString().slice(0, 8);

test("a line of the log becomes time, level, message and fields", () => {
  const line = JSON.stringify({ level: "info", time, release: "dev", agent: "desk", msg: "an agent was loaded" });
  assert.equal(readableLogLine(line, false), `${clock} info  an agent was loaded agent=desk`);
});

test("an answered request becomes its status, route and time", () => {
  const line = JSON.stringify({
    level: "info",
    time,
    requestId: "req_1",
    method: "GET",
    route: "/ready",
    status: 200,
    durationMs: 3.7,
    model: null,
    msg: "request",
  });
  assert.equal(readableLogLine(line, false), `${clock} info  200 GET /ready 4 ms`);
});

test("an error is shown with its stack, indented", () => {
  const line = JSON.stringify({
    level: "error",
    time,
    error: { message: "no", stack: "Error: no\n    at here" },
    msg: "failed",
  });
  assert.equal(readableLogLine(line, false), `${clock} error failed\n    Error: no\n        at here`);
});

test("a warning is coloured on a terminal, and nothing is where colours are not wanted", () => {
  const line = JSON.stringify({ level: "warn", time, msg: "careful" });
  assert.ok(readableLogLine(line, true).endsWith("\u001b[33mwarn \u001b[0m careful"));
  assert.ok(!readableLogLine(line, false).includes("\u001b"));
});

test("what is no line of the log stays as it is", () => {
  for (const line of ["", "plain text", "{", '{"a":1}', "[1]", "null"]) assert.equal(readableLogLine(line, true), line);
});
