import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const AFFINITY = join(import.meta.dirname, "affinity.ts");

test("by affinity at least 95 % of later turns find their prompt in the cache, by chance at most 40 %, and no target has most of the work", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [AFFINITY, "--conversations", "60", "--turns", "6", "--json"],
    { timeout: 120_000 },
  );
  const { figures } = JSON.parse(stdout) as {
    figures: { route: string; turns: number; hits: number; cachedTokens: number; busiest: number }[];
  };
  const [affinity, chance] = figures;
  assert.ok(affinity && chance);
  assert.deepEqual([affinity.route, affinity.turns, chance.route, chance.turns], ["affinity", 300, "weighted", 300]);
  assert.ok(affinity.hits >= 95, `${affinity.hits} %`);
  assert.ok(chance.hits <= 40, `control: ${chance.hits} %`);
  assert.ok(affinity.cachedTokens > chance.cachedTokens);
  assert.ok(affinity.busiest < 60, `${affinity.busiest} %`);
});
