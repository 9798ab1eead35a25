import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type Keeper, startKeeper } from "./keep.ts";
import type { Outcome } from "./outcome.ts";
import { type Part, runPart } from "./run-part.ts";

const HEAD = 'import { describe, test } from "node:test";\n';

interface Told {
  readonly outcomes: readonly Outcome[];
  /** `kind name` of everything but output. */
  readonly lines: readonly string[];
}

/** Runs test files that are made for the occasion. */
async function told(t: TestContext, files: Readonly<Record<string, string>>, part: Partial<Part> = {}): Promise<Told> {
  const root = await mkdtemp(join(tmpdir(), "slipway-part-"));
  const keeper: Keeper = startKeeper();
  t.after(async () => {
    await keeper.close();
    await rm(root, { recursive: true, force: true });
  });
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), HEAD + text);
  const outcomes: Outcome[] = [];
  const environment: NodeJS.ProcessEnv = { ...process.env };
  // This test is itself run by a test runner.
  delete environment["NODE_TEST_CONTEXT"];
  const whole: Part = {
    title: "planted",
    files: Object.keys(files),
    isolation: "process",
    concurrency: 2,
    timeout: 2_000,
    patience: 30_000,
    ...part,
  };
  await runPart(root, whole, environment, keeper, (outcome) => outcomes.push(outcome));
  const lines = outcomes.flatMap((outcome) => ("name" in outcome ? [`${outcome.kind} ${outcome.name}`] : []));
  return { outcomes, lines };
}

for (const isolation of ["none", "process"] as const) {
  test(`what passes, fails and is skipped is told, with isolation "${isolation}"`, async (t) => {
    const { outcomes, lines } = await told(
      t,
      {
        "a.test.ts": `describe("group", () => { test("fine", () => {}); test("bad", () => { throw new Error("the reason"); }); });
          test("left out", (t) => { t.skip("requires luck"); });`,
      },
      { isolation },
    );
    assert.deepEqual(lines, ["passed group › fine", "failed group › bad", "skipped left out"]);
    const failure = outcomes.find((outcome) => outcome.kind === "failed");
    assert.match(failure?.error ?? "", /Error: the reason\n\s+at /);
  });

  test(`a test that takes too long fails, and the next one is run, with isolation "${isolation}"`, async (t) => {
    const files = {
      "a.test.ts": `test("slow", () => new Promise((r) => setTimeout(r, 2_000))); test("next", () => {});`,
    };
    const { lines } = await told(t, files, { isolation, timeout: 300 });
    assert.deepEqual(lines, ["failed slow", "passed next"]);
  });

  test(`a file that cannot be loaded fails, and the others are run, with isolation "${isolation}"`, async (t) => {
    const { lines } = await told(
      t,
      { "a.test.ts": 'import "./nowhere.ts";', "b.test.ts": 'test("b", () => {});' },
      { isolation },
    );
    assert.deepEqual(lines.toSorted(), ["failed (the file)", "passed b"]);
  });

  test(`a file without a test fails, with isolation "${isolation}"`, async (t) => {
    const { lines } = await told(t, { "a.test.ts": "describe;" }, { isolation });
    assert.deepEqual(lines, ["failed (the file)"]);
  });
}

test("a file that ends its process is no success", async (t) => {
  const { lines } = await told(t, {
    "a.test.ts": 'test("a", () => {}); process.exit(0);',
    "b.test.ts": 'test("b", () => {});',
  });
  assert.deepEqual(lines.toSorted(), ["failed (the file)", "passed b"]);
});

test("a file that ends the process it shares with others is no success", async (t) => {
  const files = { "a.test.ts": 'test("a", () => { process.exit(3); });', "b.test.ts": 'test("b", () => {});' };
  const { lines } = await told(t, files, { isolation: "none" });
  assert.ok(lines.includes("failed (all files)"), lines.join(", "));
});

test("what holds a process open does not hold up the run", async (t) => {
  const { lines } = await told(t, { "a.test.ts": 'test("leaks", () => { setInterval(() => {}, 1_000); });' });
  assert.deepEqual(lines, ["passed leaks"]);
});

test("a part of which nothing is heard is ended and has failed", async (t) => {
  const files = { "a.test.ts": "while (true) {}" };
  const { outcomes } = await told(t, files, { patience: 1_500 });
  const failure = outcomes.find((outcome) => outcome.kind === "failed");
  assert.match(failure?.error ?? "", /Nothing was heard for 1\.5 s/);
});

test("every test of a quick file is told, and the failed one by its name", async (t) => {
  const last =
    'for (let at = 0; at < 4_000; at += 1) test("a".repeat(60) + at, () => {}); test("bad", () => { throw new Error("why"); });';
  const { lines } = await told(t, { "a.test.ts": last });
  assert.equal(lines.length, 4_001);
  assert.equal(lines.at(-1), "failed bad");
});

test("what a file prints is told with its name", async (t) => {
  const { outcomes } = await told(t, { "a.test.ts": 'test("a", () => { console.log("a hint"); });' });
  const files = outcomes.flatMap((outcome) =>
    outcome.kind === "output" && outcome.text.includes("a hint") ? [outcome.file] : [],
  );
  assert.match(files.join(), /a\.test\.ts$/);
});
