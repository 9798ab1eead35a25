import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseAllDocuments } from "yaml";
import { inCheckout } from "#lib/checkout.ts";
import { exampleText, renderText, textOf } from "../testing/examples.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function slipway(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [inCheckout("deploy/src/main.ts"), ...args],
      { cwd, timeout: 60_000, maxBuffer: 2 ** 24 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

async function checkout(t: TestContext): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "slipway-plan-"));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(join(cwd, "slipway.yaml"), await exampleText("atp"));
  return cwd;
}

/** What `kubectl get -o json` tells of a cluster in which everything is as rendered, with what a server adds. */
async function recording(change: (object: Record<string, unknown>) => void = () => {}): Promise<string> {
  const all = textOf(await renderText(await exampleText("atp"), "production"), "plain/all.yaml");
  const items = parseAllDocuments(all).map((document, index) => {
    const object = document.toJS() as Record<string, unknown>;
    const metadata = { ...(object["metadata"] as object), resourceVersion: String(500 + index), uid: `uid-${index}` };
    const served = { ...object, metadata, status: { observedGeneration: 1 } };
    change(served);
    return served;
  });
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

test("plan ends with 0 when all is as rendered, 3 when not; its file holds until the spec or the world moves", async (t) => {
  const cwd = await checkout(t);
  await writeFile(join(cwd, "world.json"), await recording());
  const args = ["--env", "production", "--observed"] as const;
  const same = await slipway(cwd, "plan", ...args, "world.json");
  assert.equal(same.code, 0, same.err);
  assert.match(same.out, /nothing to change, 38 resources/);

  const SECRET = "hunter2-correct-horse";
  const moved = await recording((object) => {
    if (object["kind"] !== "Deployment") return;
    object["spec"] = JSON.parse(
      JSON.stringify(object["spec"]).replaceAll('"8080"', `"${SECRET}"`).replaceAll("25%", SECRET),
    ) as unknown;
    object["data"] = { password: SECRET };
  });
  await writeFile(join(cwd, "moved.json"), moved);
  const pending = await slipway(cwd, "plan", ...args, "moved.json", "--out", "plan.json");
  assert.equal(pending.code, 3, pending.err);
  assert.match(pending.out, /~ apps\/v1\/Deployment\/atp-production\/atp-router[^]*\(text, not shown\) → 8080/);
  const file = await readFile(join(cwd, "plan.json"), "utf8");
  const json = await slipway(cwd, "plan", ...args, "moved.json", "--format", "json");
  assert.equal(json.out, file, "the same plan, byte for byte");
  assert.ok(moved.includes(SECRET) && ![pending.out, pending.err, file].join().includes(SECRET));

  const holds = await slipway(cwd, "plan", ...args, "moved.json", "--check", "plan.json");
  assert.equal(holds.code, 0, holds.err);
  const other = await slipway(cwd, "plan", ...args, "world.json", "--check", "plan.json");
  assert.equal(other.code, 0, "fields alone are no version: the platform's versions are the same");
  await writeFile(join(cwd, "newer.json"), moved.replace('"resourceVersion":"510"', '"resourceVersion":"9510"'));
  const stale = await slipway(cwd, "plan", ...args, "newer.json", "--check", "plan.json");
  assert.equal(stale.code, 1);
  assert.match(stale.err, /The plan does not hold any more:\n {2}\S+ is at version 9510, planned at 510\.\nPlan again/);
  await writeFile(join(cwd, "slipway.yaml"), `${await exampleText("atp")}\n`);
  const spec = await slipway(cwd, "plan", ...args, "moved.json", "--check", "plan.json");
  assert.equal(spec.code, 1);
  assert.match(spec.err, /slipway\.yaml was changed\./);
});

test("what plan is called with wrongly ends with 2, and no part of a broken recording is printed", async (t) => {
  const cwd = await checkout(t);
  await writeFile(join(cwd, "broken.json"), '{"password": "hunter2"');
  await writeFile(join(cwd, "other.json"), '{"password": "hunter2"}');
  const resource = { id: "v1/A/b\u001b[31m", version: "1", fields: {} };
  await writeFile(join(cwd, "terminal.json"), JSON.stringify({ format: "slipway.observed/1", resources: [resource] }));
  const twice = [1, 2].map(() => ({ ...resource, id: "v1/A/b" }));
  await writeFile(join(cwd, "twice.json"), JSON.stringify({ format: "slipway.observed/1", resources: twice }));
  for (const [file, said] of [
    ["terminal.json", /holds a name that cannot be printed/],
    ["twice.json", /has v1\/A\/b twice/],
    ["missing.json", /cannot be read/],
    ["broken.json", /is no JSON/],
    ["other.json", /is no recording of a world on kubernetes/],
  ] as const) {
    const ended = await slipway(cwd, "plan", "--env", "production", "--observed", file);
    assert.equal(ended.code, 2, file);
    assert.match(ended.err, said);
    assert.doesNotMatch(ended.err, /hunter2/);
  }
  const none = await slipway(cwd, "plan", "--env", "development");
  assert.equal(none.code, 2);
  assert.match(none.err, /cannot look at compose by itself/);
});

test("cost prints a table for each volume, and JSON with every price's source; models are priced as the server prices them", async (t) => {
  const cwd = await checkout(t);
  const text = await slipway(cwd, "cost", "--env", "production");
  assert.equal(text.code, 0, text.err);
  for (const volume of ["1,000", "100,000", "1,000,000"])
    assert.match(text.out, new RegExp(`^${volume} requests a day +low +expected +high$`, "m"));
  assert.match(text.out, /route chat +\$/);
  const json = await slipway(cwd, "cost", "--env", "production", "--requests-per-day", "5,7", "--format", "json");
  const report = JSON.parse(json.out) as {
    estimates: { requestsPerDay: number }[];
    prices: Record<string, { source: string }>;
  };
  assert.deepEqual(
    report.estimates.map(({ requestsPerDay }) => requestsPerDay),
    [5, 7],
  );
  assert.ok(
    Object.keys(report.prices).length > 5 &&
      Object.values(report.prices).every(({ source }) => source.startsWith("https://")),
  );
  const wrong = await slipway(cwd, "cost", "--env", "production", "--requests-per-day", "many");
  assert.equal(wrong.code, 2);
});
