import assert from "node:assert/strict";
import { test } from "node:test";
import { createTranslator, type Outcome, type RunnerEvent } from "./outcome.ts";

const file = "/repo/server/src/x.test.ts";

function translate(...events: readonly RunnerEvent[]): readonly (Outcome | undefined)[] {
  return events.map(createTranslator(String));
}

function event(type: string, name: string, nesting: number, more: Partial<RunnerEvent["data"]> = {}): RunnerEvent {
  return { type, data: { name, nesting, file, ...more } };
}

test("a test that passes is one, a suite around it is none", () => {
  const outcomes = translate(
    event("test:start", "suite", 0),
    event("test:start", "works", 1),
    event("test:pass", "works", 1, { details: { duration_ms: 3, type: "test" } }),
    event("test:pass", "suite", 0, { details: { duration_ms: 4, type: "suite" } }),
  );
  assert.deepEqual(outcomes.filter(Boolean), [{ kind: "passed", file, name: "suite › works", ms: 3 }]);
});

test("a failure counts once, not again for each test around it", () => {
  const outcomes = translate(
    event("test:start", "outer", 0),
    event("test:start", "inner", 1),
    event("test:fail", "inner", 1, { details: { error: { failureType: "testCodeFailure" } } }),
    event("test:fail", "outer", 0, { details: { error: { failureType: "subtestsFailed" } } }),
  );
  assert.deepEqual(
    outcomes.filter((outcome) => outcome?.kind === "failed").map(({ name }) => name),
    ["outer › inner"],
  );
});

test("a skip keeps its reason, and one without is said to have none", () => {
  const outcomes = translate(
    event("test:pass", "a", 0, { skip: "requires Redis" }),
    event("test:pass", "b", 0, { skip: true }),
  );
  assert.deepEqual(
    outcomes.map((outcome) => outcome?.kind === "skipped" && outcome.reason),
    ["requires Redis", "no reason is given"],
  );
});

test("a file without a test fails, and so does a test that is only planned", () => {
  const outcomes = translate(
    event("test:pass", file, 0, { details: { type: "test" } }),
    event("test:pass", "server/src/x.test.ts", 0, { details: { type: "test" } }),
    event("test:pass", "later", 0, { todo: true, details: { type: "test" } }),
  );
  assert.deepEqual(
    outcomes.map((outcome) => outcome?.kind),
    ["failed", "failed", "failed"],
  );
});

test("a file that cannot be loaded fails under its own name", () => {
  const [outcome] = translate(event("test:fail", file, 0, { details: { error: "boom" } }));
  assert.deepEqual(outcome, { kind: "failed", file, name: "(the file)", error: "boom" });
});

test("names of files that run at the same time do not mix", () => {
  const other = "/repo/server/src/y.test.ts";
  const outcomes = translate(
    event("test:start", "first", 0),
    event("test:start", "second", 0, { file: other }),
    event("test:start", "sub", 1),
    event("test:pass", "sub", 1, { details: { type: "test", duration_ms: 1 } }),
  );
  assert.deepEqual(outcomes.at(-1), { kind: "passed", file, name: "first › sub", ms: 1 });
});
