import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadMasterKey, masterKeyOf, subkey } from "./master-key.ts";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "slipway-keys-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const absent = "/nowhere/master.key";

test("ENCRYPTION_KEY is taken as hex, base64, base64url, a Fernet key or any long text", async () => {
  const bytes = Buffer.from("fb".repeat(16) + "ff".repeat(16), "hex");
  const same = [
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    bytes.toString("base64"),
    bytes.toString("base64").replace("=", ""),
    bytes.toString("base64url"),
    // A Fernet key: URL-safe base64 of 32 bytes with its padding.
    `${bytes.toString("base64url")}=`,
    ` ${bytes.toString("base64")}\n`,
  ];
  for (const encryptionKey of same) {
    const master = await loadMasterKey({ encryptionKey, keyFile: absent });
    assert.equal(master.id, masterKeyOf(bytes, "environment").id, encryptionKey);
    assert.equal(master.source, "environment");
  }
  const words = await loadMasterKey({ encryptionKey: "correct horse battery staple", keyFile: absent });
  const again = await loadMasterKey({ encryptionKey: "correct horse battery staple", keyFile: absent });
  const other = await loadMasterKey({ encryptionKey: "correct horse battery stapler", keyFile: absent });
  assert.deepEqual(words, again);
  assert.notEqual(words.id, other.id);
});

test("the way from a text to a key never changes, because data depends on it", async () => {
  const words = await loadMasterKey({ encryptionKey: "correct horse battery staple", keyFile: absent });
  const bytes = masterKeyOf(Buffer.alloc(32, 1), "environment");
  assert.equal(words.id, "47e457da3645634f");
  assert.equal(bytes.id, "984e923d554e165c");
  assert.equal(
    Buffer.from(bytes.dataKeyWrapping).toString("hex"),
    "1f43176187e69dbfa12b54e8ab3b032d923484622039c5f6114b69e82012955f",
  );
});

test("a short ENCRYPTION_KEY is refused, and the message does not show it", async () => {
  await assert.rejects(loadMasterKey({ encryptionKey: "hunter2-hunter2", keyFile: absent }), (error: Error) => {
    assert.match(error.message, /shorter than 16/);
    assert.doesNotMatch(error.message, /hunter2/);
    return "code" in error && error.code === "key_unusable";
  });
});

test("subkeys differ by purpose", () => {
  const master = masterKeyOf(Buffer.alloc(32, 9), "environment");
  const all = [
    master.apiKeyPepper,
    master.cookieSealing,
    master.dataKeyWrapping,
    master.fingerprinting,
    subkey(Buffer.alloc(32, 9), "key-id"),
  ];
  assert.equal(new Set(all.map((key) => Buffer.from(key).toString("hex"))).size, all.length);
  for (const key of all) assert.equal(key.length, 32);
});

test("a key file is made once, for its owner only, and read from then on", async (t) => {
  const keyFile = join(await folder(t), "deep", "master.key");
  const made = await loadMasterKey({ keyFile });
  assert.deepEqual([made.source, made.created], ["file", true]);
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(join(keyFile, ".."))).mode & 0o777, 0o700);
  const read = await loadMasterKey({ keyFile });
  assert.equal(read.created, false);
  assert.equal(read.id, made.id);
  assert.deepEqual(await readdir(join(keyFile, "..")), ["master.key"]);
});

test("twenty processes that make the key file at once end with one key", async (t) => {
  const keyFile = join(await folder(t), "master.key");
  const keys = await Promise.all(Array.from({ length: 20 }, () => loadMasterKey({ keyFile })));
  assert.equal(new Set(keys.map((key) => key.id)).size, 1);
  assert.equal(keys.filter((key) => key.created).length, 1);
});

test("a key file that others may read is refused with the line that mends it", async (t) => {
  const keyFile = join(await folder(t), "master.key");
  await loadMasterKey({ keyFile });
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(keyFile, mode);
    await assert.rejects(loadMasterKey({ keyFile }), { code: "key_unusable", hint: `Run: chmod 600 ${keyFile}` });
  }
  await chmod(keyFile, 0o400);
  assert.equal((await loadMasterKey({ keyFile })).created, false);
});

test("a damaged key file is refused and left as it is", async (t) => {
  const keyFile = join(await folder(t), "master.key");
  for (const content of ["", "abc", `${"g".repeat(64)}\n`, `${"0".repeat(64)}\n\n`]) {
    await writeFile(keyFile, content, { mode: 0o600 });
    await assert.rejects(loadMasterKey({ keyFile }), { code: "key_unusable" });
    assert.equal(await readFile(keyFile, "utf8"), content);
  }
});

test("a key file out of reach is an error with its path", async (t) => {
  const blocked = join(await folder(t), "file");
  await writeFile(blocked, "");
  await assert.rejects(loadMasterKey({ keyFile: join(blocked, "master.key") }), {
    code: "key_unusable",
    message: /master\.key could not be read or made \(ENOTDIR\)/,
  });
});
