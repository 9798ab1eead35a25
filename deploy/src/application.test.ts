import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { inCheckout } from "#lib/checkout.ts";

const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;

/** Every module that is loaded with a file, by its static imports. */
async function loadedWith(file: string, seen = new Set<string>()): Promise<ReadonlySet<string>> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith(".ts")) return seen;
  for (const [, name = ""] of (await readFile(file, "utf8")).matchAll(IMPORT)) {
    if (name.startsWith(".")) await loadedWith(join(dirname(file), name), seen);
    else if (name.startsWith("#")) await loadedWith(inCheckout("deploy/src", name.slice(1)), seen);
    else if (name.startsWith("@slipway/contracts/"))
      await loadedWith(inCheckout("contracts/src", name.slice("@slipway/contracts/".length)), seen);
    else seen.add(name);
  }
  return seen;
}

/** What takes milliseconds to load, and is needed by a command that runs only. */
const HEAVY = [
  "yaml",
  "zod",
  "node:child_process",
  "node:stream/promises",
  "node:readline",
  "@clack/prompts",
  "@pydantic/genai-prices",
];

test("the command loads nothing heavy before it knows what it is asked for", async () => {
  const loaded = await loadedWith(inCheckout("deploy/src/main.ts"));
  assert.deepEqual(
    HEAVY.filter((name) => loaded.has(name)),
    [],
  );
  assert.ok(loaded.has("@stricli/core"));
  assert.ok(loaded.size < 50, `${loaded.size} modules`);
});

test("the walk finds what is heavy where it is loaded", async () => {
  const loaded = await loadedWith(inCheckout("deploy/src/local/render-files.ts"));
  assert.ok(loaded.has("yaml") && loaded.has("zod"));
});
