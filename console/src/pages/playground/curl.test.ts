import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { curlCommand } from "./curl.ts";

/** Runs the command in a real shell in which `curl` prints its arguments. */
function argumentsOf(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}\n`;
  const output = execFileSync("sh", ["-c", script], { encoding: "utf8", env: { SLIPWAY_API_KEY: "the-key" } });
  return output.split("\0").slice(0, -1);
}

test("the command names the variable and never a key", () => {
  const command = curlCommand("http://localhost:8000", "gpt-5", [{ role: "user", content: "Hi" }]);
  assert.match(command, /Authorization: Bearer \$SLIPWAY_API_KEY"/);
  assert.deepEqual(argumentsOf(command).slice(0, 6), [
    "--no-buffer",
    "http://localhost:8000/v1/chat/completions",
    "--header",
    "Authorization: Bearer the-key",
    "--header",
    "Content-Type: application/json",
  ]);
});

test("a shell hands on any text as it is and runs none of it", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.constantFrom("it's", "'; echo pwned; '", "$(id) `id` $HOME", "a\\\nb", '"!!"', "@/etc/passwd", "'\\''"),
  );
  fc.assert(
    fc.property(text, text, (model, content) => {
      const data = argumentsOf(curlCommand("http://h", model, [{ role: "user", content }])).at(-1);
      assert.deepEqual(JSON.parse(data ?? ""), {
        model,
        messages: [{ role: "user", content }],
        stream: true,
        stream_options: { include_usage: true },
      });
    }),
    { numRuns: 60 },
  );
});
