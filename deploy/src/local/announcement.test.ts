import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { announcement, type Offered } from "./announcement.ts";

function announce(offered: Offered): string {
  return announcement({
    url: "http://127.0.0.1:8080",
    apiKey: "it's a key",
    consoleUrl: "http://127.0.0.1:8080/console/",
    keyFile: ".slipway/api-key",
    home: ".slipway",
    offered,
  });
}

/** The words that a shell makes of the curl line. */
function wordsOf(text: string): readonly string[] {
  const line = text.split("\n").find((candidate) => candidate.startsWith("  curl "));
  assert.ok(line);
  const out = execFileSync("sh", ["-c", `for word in ${line.replace("  curl ", "")}; do printf '%s\\n' "$word"; done`]);
  return out.toString().trimEnd().split("\n");
}

test("it names the address, the console, the key and how to stop", () => {
  const text = announce({ mock: true, models: ["mock-1"] });
  for (const part of ["http://127.0.0.1:8080\n", "/console/", "it's a key", ".slipway/api-key", "Ctrl-C"]) {
    assert.ok(text.includes(part), part);
  }
});

test("the curl line is one that a shell takes apart as it is meant, quotes in the key included", () => {
  const words = wordsOf(announce({ mock: true, models: ["agent/desk", "mock-1"] }));
  assert.equal(words[0], "http://127.0.0.1:8080/v1/chat/completions");
  assert.ok(words.includes("authorization: Bearer it's a key"));
  assert.deepEqual(JSON.parse(words.at(-1) ?? ""), { model: "mock-1", messages: [{ role: "user", content: "Hello" }] });
});

test("a mock is said to be one, and models are not", () => {
  assert.match(announce({ mock: true, models: ["mock-1"] }), /MOCK/);
  assert.doesNotMatch(announce({ mock: false, models: ["gpt-5-mini"] }), /MOCK/);
});

test("with real providers the example asks an agent, and many models are cut short", () => {
  const models = ["agent/desk", "m1", "m2", "m3", "m4", "m5", "m6"];
  const text = announce({ mock: false, models });
  assert.match(text, /m1, m2, m3, m4 and 2 more/);
  assert.deepEqual((JSON.parse(wordsOf(text).at(-1) ?? "") as { model: string }).model, "agent/desk");
});

test("no provider is said, too", () => {
  assert.match(announce({ mock: false, models: [] }), /no provider is configured/);
});
