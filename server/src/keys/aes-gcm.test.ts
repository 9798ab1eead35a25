import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { decrypt, encrypt, encryptUnder, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./aes-gcm.ts";

const VECTORS = join(import.meta.dirname, "../../../../shared/vectors/wycheproof_aes_gcm_test.json");

interface Vectors {
  readonly testGroups: readonly {
    readonly ivSize: number;
    readonly keySize: number;
    readonly tagSize: number;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly key: string;
      readonly iv: string;
      readonly aad: string;
      readonly msg: string;
      readonly ct: string;
      readonly tag: string;
      readonly result: "valid" | "invalid" | "acceptable";
    }[];
  }[];
}

const hex = (text: string): Buffer => Buffer.from(text, "hex");

test("every Wycheproof vector of AES-GCM is answered as it says", async (t) => {
  let text: string;
  try {
    text = await readFile(VECTORS, "utf8");
  } catch {
    const reason =
      "the test vectors are not there: put Project Wycheproof's at ../shared/vectors beside the repository";
    if (process.env.CI) assert.fail(reason);
    t.skip(reason);
    return;
  }
  const counted = { valid: 0, invalid: 0, otherSize: 0 };
  for (const group of (JSON.parse(text) as Vectors).testGroups) {
    const ours = group.keySize === KEY_BYTES * 8 && group.ivSize === NONCE_BYTES * 8 && group.tagSize === TAG_BYTES * 8;
    for (const vector of group.tests) {
      const [key, nonce, aad, message] = [hex(vector.key), hex(vector.iv), hex(vector.aad), hex(vector.msg)];
      const sealed = Buffer.concat([hex(vector.ct), hex(vector.tag)]);
      if (!ours) {
        counted.otherSize += 1;
        assert.throws(() => encryptUnder(key, nonce, message, aad), `vector ${vector.tcId}: a size that is not ours`);
        continue;
      }
      const opened = decrypt(key, Buffer.concat([nonce, sealed]), aad);
      if (vector.result === "valid") {
        counted.valid += 1;
        assert.deepEqual(opened, message, `vector ${vector.tcId}: ${vector.comment}`);
        assert.deepEqual(encryptUnder(key, nonce, message, aad), sealed, `vector ${vector.tcId}: ${vector.comment}`);
      } else {
        counted.invalid += 1;
        assert.equal(opened, undefined, `vector ${vector.tcId}: ${vector.comment}`);
      }
    }
  }
  // A file that was cut, or read wrong, must not pass by holding nothing.
  assert.ok(counted.valid >= 30 && counted.invalid >= 20 && counted.otherSize >= 100, JSON.stringify(counted));
});

test("a change of any single byte is found", () => {
  const key = Buffer.alloc(KEY_BYTES, 7);
  const aad = Buffer.from("aad");
  const sealed = encrypt(key, Buffer.from("hello"), aad);
  assert.deepEqual(decrypt(key, sealed, aad), Buffer.from("hello"));
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    assert.equal(decrypt(key, changed, aad), undefined, `byte ${at}`);
  }
  for (let length = 0; length < sealed.length; length += 1) {
    assert.equal(decrypt(key, sealed.subarray(0, length), aad), undefined, `cut to ${length}`);
  }
  assert.equal(decrypt(key, sealed, Buffer.from("other")), undefined);
  assert.equal(decrypt(Buffer.alloc(KEY_BYTES, 8), sealed, aad), undefined);
});

test("the same text is never encrypted to the same bytes twice", () => {
  const key = Buffer.alloc(KEY_BYTES, 7);
  const seen = new Set(
    Array.from({ length: 1000 }, () => encrypt(key, Buffer.from("x"), Buffer.alloc(0)).toString("hex")),
  );
  assert.equal(seen.size, 1000);
});
