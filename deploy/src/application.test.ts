import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { TARGETS } from "@slipway/contracts/spec/environment.ts";
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
  const checking = await loadedWith(inCheckout("deploy/src/local/check-rendering.ts"));
  assert.ok(checking.has(inCheckout("deploy/src/check/check.ts")));
});

/** What `slipway render` loads besides one target: what it is not about, and the rules, which `--no-check` does without. */
const NOT_FOR_RENDERING = [
  "node:child_process",
  "node:http",
  "node:https",
  "@clack/prompts",
  "@pydantic/genai-prices",
  inCheckout("deploy/src/check/check.ts"),
  inCheckout("deploy/src/cost/cost.ts"),
  inCheckout("deploy/src/plan/plan.ts"),
  inCheckout("deploy/src/targets/kubernetes/observe.ts"),
];

test("rendering loads neither other targets nor the rules before it is asked for them, and a target no other", async () => {
  const loaded = await loadedWith(inCheckout("deploy/src/local/render-files.ts"));
  const own = [...loaded].filter((name) => name.endsWith(".ts"));
  assert.deepEqual(
    own.filter((name) => name.endsWith("/target.ts") && name !== inCheckout("deploy/src/targets/target.ts")),
    [],
  );
  assert.ok(own.length < 60, `${own.length} modules`);
  assert.deepEqual(
    NOT_FOR_RENDERING.filter((name) => loaded.has(name)),
    [],
  );
  for (const target of TARGETS) {
    const taken = await loadedWith(inCheckout("deploy/src/targets", target, "target.ts"));
    const others = TARGETS.filter((other) => other !== target);
    assert.deepEqual(
      [...others.map((other) => inCheckout("deploy/src/targets", other, "target.ts")), ...NOT_FOR_RENDERING].filter(
        (name) => taken.has(name),
      ),
      [],
      target,
    );
  }
});
