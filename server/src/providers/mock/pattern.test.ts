import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PatternSearch } from "./pattern.ts";

// Finds the digits at the end of a text again and again, some milliseconds each, and says how often they were not found.
const SEARCHES = `
  const { PatternSearch } = await import(process.argv[1]);
  const text = "ab".repeat(1_000) + " 2026";
  let missed = 0;
  let found = 0;
  process.stdout.write("begun\\n");
  for (const end = Date.now() + 2_500; Date.now() < end; ) {
    if (new PatternSearch().first("^(?:[ab]+:)?[0-9]{4}$", text) === "2026") found += 1;
    else missed += 1;
  }
  process.stdout.write(JSON.stringify({ missed, found: found > 0 }));
`;

test("what a text says is found by a process that others keep from running", { timeout: 60_000 }, async () => {
  const module = new URL("pattern.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", SEARCHES, module], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child.stdout, "data");
  for (let stop = 0; stop < 10; stop += 1) {
    child.kill("SIGSTOP");
    await sleep(120);
    child.kill("SIGCONT");
    await sleep(80);
  }
  await ended;
  assert.equal(said, 'begun\n{"missed":0,"found":true}');
});

test("a pattern that takes for ever is given up, and after three of them all are", () => {
  const search = new PatternSearch();
  for (let time = 0; time < 3; time += 1) {
    assert.equal(search.first("^[0-9]{4}$", "the year 2026"), "2026");
    assert.equal(search.first("^(?:a+)+b$", "a".repeat(40)), undefined);
  }
  assert.equal(search.first("^[0-9]{4}$", "the year 2026"), undefined);
});
