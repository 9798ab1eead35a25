import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { isApiKey } from "@slipway/contracts/api-key.ts";
import { apiKeyOf } from "./api-key-file.ts";
import { prepareHome } from "./home.ts";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "slipway-home-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("a new home is its owner's alone, and so is the key in it", async (t) => {
  const home = join(await folder(t), "a", "home");
  await prepareHome(home);
  assert.equal((await stat(home)).mode & 0o777, 0o700);
  const key = await apiKeyOf(home);
  assert.ok(isApiKey(key));
  assert.equal((await stat(join(home, "api-key"))).mode & 0o777, 0o600);
});

test("a home that is there keeps its rights and its key", async (t) => {
  const home = await folder(t);
  await chmod(home, 0o750);
  await prepareHome(home);
  assert.equal((await stat(home)).mode & 0o777, 0o750);
  assert.equal(await apiKeyOf(home), await apiKeyOf(home));
});

test("twenty starts at once agree on one key", async (t) => {
  const home = await folder(t);
  const keys = await Promise.all(Array.from({ length: 20 }, () => apiKeyOf(home)));
  assert.equal(new Set(keys).size, 1);
  assert.equal((await readFile(join(home, "api-key"), "utf8")).trim(), keys[0]);
  assert.deepEqual(await readdir(home), ["api-key"]);
});

test("a key file that was cut or changed is refused, with what to do, and not written over", async (t) => {
  const home = await folder(t);
  for (const content of ["", "slip_short", "secret"]) {
    await writeFile(join(home, "api-key"), content);
    await assert.rejects(apiKeyOf(home), { code: "home_unusable", hint: /Remove the file/ });
    assert.equal(await readFile(join(home, "api-key"), "utf8"), content);
  }
});

test("a home below a file is refused with a sentence", async (t) => {
  const file = join(await folder(t), "file");
  await writeFile(file, "");
  await assert.rejects(prepareHome(join(file, "home")), {
    code: "home_unusable",
    message: /is a file/,
    hint: /--home DIR/,
  });
});

test("a home that may not be written is refused with a sentence", async (t) => {
  const parent = await folder(t);
  const home = join(parent, "home");
  await chmod(parent, 0o755);
  await mkdir(home, { mode: 0o555 });
  const root = process.geteuid?.() === 0;
  // Root may write everywhere, so the test is somebody else for a moment.
  if (root) process.seteuid?.(65_534);
  try {
    await assert.rejects(prepareHome(home), { code: "home_unusable", message: /may not be written/ });
  } finally {
    if (root) process.seteuid?.(0);
  }
});
