import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { inCheckout } from "#lib/checkout.ts";
import { eject } from "#render/eject.ts";
import { renderSystem } from "#render/render.ts";
import { loadTarget } from "../targets/registry.ts";
import { EXAMPLES, exampleText } from "../testing/examples.ts";
import { checkRendering } from "./check-rendering.ts";

const TODAY = "2026-11-21";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "slipway-check-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function slipway(cwd: string, ...args: readonly string[]): Promise<{ code: number; err: string }> {
  return await new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [inCheckout("deploy/src/main.ts"), ...args],
      { cwd, timeout: 60_000 },
      (_error, _out, err) => resolve({ code: child.exitCode ?? -1, err }),
    );
  });
}

test("our own rules find nothing in what is rendered of any example", async () => {
  for (const { system, environment } of EXAMPLES) {
    const request = { text: await exampleText(system), file: "slipway.yaml", environment };
    const { target, files } = await renderSystem(request, loadTarget);
    const { text, errors } = checkRendering(target, files, TODAY);
    assert.deepEqual([errors, text], [0, ""], `${system} ${environment}`);
  }
});

test("a file that is broken after rendering is an error: the check does look", async () => {
  const request = { text: await exampleText("atp"), file: "slipway.yaml", environment: "production" };
  const { target, files } = await renderSystem(request, loadTarget);
  const broken = files.map(({ path, text }) => ({
    path,
    text: text.replaceAll("apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n"),
  }));
  assert.ok(checkRendering(target, broken, TODAY).errors > 0);
  // What only repeats the plain objects is not looked at twice.
  const repeated = broken.filter(({ path }) => target.repeats?.(path) === true);
  assert.equal(checkRendering(target, repeated, TODAY).errors, 0);
});

test("a setting may hold what looks like a variable of a template, on every platform", async () => {
  for (const { system, environment } of EXAMPLES.filter((example) => example.system === "atp")) {
    const text = (await exampleText(system)).replace(/^env:\n/m, 'env:\n  LINE: "${LEVEL} ${MESSAGE}"\n');
    const { target, files } = await renderSystem({ text, file: "slipway.yaml", environment }, loadTarget);
    assert.ok(files.some((file) => file.text.includes("{LEVEL} ")));
    assert.deepEqual(checkRendering(target, files, TODAY), { text: "", errors: 0 }, environment);
  }
});

test("render writes nothing when its own check finds an error, says what, ends with 1, and writes it with --no-check", async (t) => {
  const cwd = await folder(t);
  const spec = await exampleText("copilot");
  // A key in a variable whose name tells nothing: the spec takes it, the check knows its form.
  const key = `sk-${"a1B2".repeat(6)}`;
  await writeFile(
    join(cwd, "slipway.yaml"),
    spec.replace(/^env:$/m, `env:\n  GREETING: ${key}`).replace(/^env: \{/m, `env: { GREETING: ${key}, `),
  );
  const refused = await slipway(cwd, "render", "--env", "dev", "--out", "out");
  assert.equal(refused.code, 1, refused.err);
  assert.match(
    refused.err,
    /secret-in-environment[^]*What was rendered has \d+ errors; nothing was written\.[^]*--no-check/,
  );
  assert.ok(!(await readdir(cwd)).includes("out"));
  assert.doesNotMatch(refused.err, new RegExp(key));
  const written = await slipway(cwd, "render", "--env", "dev", "--out", "out", "--no-check");
  assert.equal(written.code, 0, written.err);
  assert.ok((await readdir(join(cwd, "out"))).includes("compose.yaml"));
});

test("what is ejected has no errors either, its runbook included", async () => {
  for (const { system, environment } of EXAMPLES) {
    const request = { text: await exampleText(system), file: "slipway.yaml", environment };
    const { target, files } = await eject(request, loadTarget);
    const { text, errors } = checkRendering(target, files, TODAY);
    assert.equal(errors, 0, `${system} ${environment}: ${text}`);
  }
});
