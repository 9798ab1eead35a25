import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { sameBytes, toBase64, toHex } from "./bytes.ts";
import { canonicalJson } from "./canonical-json.ts";
import { openCheckpoint, parseVerifierKey, signCheckpoint, verifierKey } from "./checkpoint.ts";
import { type AuditEntry, firstChainHash, nextChainHash, recordHash } from "./entry.ts";
import { type ExportFacts, type ExportFault, ExportVerifier } from "./export.ts";
import { leafHash, MerkleTree } from "./merkle.ts";

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hashing = createHash("sha256");
  for (const part of parts) hashing.update(part);
  return new Uint8Array(hashing.digest());
}

const PRIVATE = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 9)]),
  format: "der",
  type: "pkcs8",
});
const publicKey = new Uint8Array(createPublicKey(PRIVATE).export({ format: "der", type: "spki" }).subarray(-32));
const KEY = { name: "test-log/acme", publicKey };

const tools = {
  sha256,
  verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    verify(
      null,
      message,
      createPublicKey({
        key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]),
        format: "der",
        type: "spki",
      }),
      signature,
    ),
};

const note = (size: number, root: Uint8Array): string =>
  signCheckpoint(sha256, { origin: KEY.name, size, root }, KEY, (message) => sign(null, message, PRIVATE));

function entry(seq: number, change: Partial<AuditEntry> = {}): AuditEntry {
  return {
    v: 1,
    tenantId: "acme",
    seq,
    id: `aud_${seq}`,
    actor: "key:key_1",
    action: "model.call",
    target: `model-${seq % 7}`,
    outcome: "ok",
    code: null,
    costPico: seq % 3 === 0 ? null : String(seq * 1000),
    clientIp: "203.0.113.7",
    requestId: `req_${seq}`,
    release: "r1",
    at: new Date(1_763_000_000_000 + seq).toISOString(),
    level: "metadata",
    contentSha256: null,
    ...change,
  };
}

/** An export of these entries with a checkpoint every so many, each line as text. */
function exportOf(entries: readonly AuditEntry[], every: number): { lines: string[]; notes: string[] } {
  const tree = new MerkleTree(sha256);
  let chain = firstChainHash(sha256, "acme");
  const lines: string[] = [];
  const notes: string[] = [];
  entries.forEach((one, at) => {
    const hash = recordHash(sha256, one);
    chain = nextChainHash(sha256, chain, hash);
    tree.append(hash);
    lines.push(JSON.stringify({ type: "record", entry: one, chainHash: toHex(chain) }));
    if ((at + 1) % every !== 0 && at + 1 !== entries.length) return;
    notes.push(note(at + 1, tree.root()));
    lines.push(JSON.stringify({ type: "checkpoint", checkpoint: notes.at(-1) }));
  });
  const header = { type: "header", format: "slipway-audit-export/1", tenantId: "acme", checkpoint: notes.at(-1) };
  return { lines: [JSON.stringify(header), ...lines], notes };
}

function check(lines: readonly string[], known: readonly string[] = []): ExportFacts | ExportFault {
  const verifier = new ExportVerifier(tools, KEY, known);
  for (const line of lines) if (!verifier.line(line)) break;
  return verifier.end();
}

const isFault = (found: ExportFacts | ExportFault): found is ExportFault => "message" in found;

const SIZE = 1000;
const WHOLE = exportOf(
  Array.from({ length: SIZE }, (_, n) => entry(n + 1)),
  64,
);
/** Where the records' lines are. */
const RECORDS = WHOLE.lines.flatMap((line, at) => (line.startsWith('{"type":"record"') ? [at] : []));
const lineOf = (seq: number): number => RECORDS[seq - 1] ?? 0;
const anySeq = fc.integer({ min: 1, max: SIZE });

test("an untouched export of 1,000 records verifies", () => {
  assert.deepEqual(check(WHOLE.lines), { tenantId: "acme", first: 1, last: SIZE, checkpoints: 16 });
});

test("every flipped bit of a record is found, at that record", () => {
  fc.assert(
    fc.property(anySeq, fc.nat(), fc.nat(7), (seq, place, bit) => {
      const lines = [...WHOLE.lines];
      const bytes = Buffer.from(lines[lineOf(seq)] ?? "");
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      lines[lineOf(seq)] = bytes.toString("latin1");
      const found = check(lines);
      assert.ok(isFault(found) && found.seq === seq, JSON.stringify(found));
    }),
    { numRuns: 120 },
  );
});

test("every deleted record is found, at its place", () => {
  for (let seq = 1; seq <= SIZE; seq += 37) {
    const found = check(WHOLE.lines.toSpliced(lineOf(seq), 1));
    assert.ok(isFault(found) && found.seq === seq, `${seq}: ${JSON.stringify(found)}`);
  }
});

test("every exchange of two records is found, at the first of them", () => {
  fc.assert(
    fc.property(anySeq, anySeq, (a, b) => {
      fc.pre(a !== b);
      const lines = [...WHOLE.lines];
      [lines[lineOf(a)], lines[lineOf(b)]] = [lines[lineOf(b)] ?? "", lines[lineOf(a)] ?? ""];
      const found = check(lines);
      assert.ok(isFault(found) && found.seq === Math.min(a, b), JSON.stringify(found));
    }),
    { numRuns: 60 },
  );
});

test("every inserted or repeated record is found", () => {
  fc.assert(
    fc.property(anySeq, anySeq, (from, to) => {
      const found = check(WHOLE.lines.toSpliced(lineOf(to), 0, WHOLE.lines[lineOf(from)] ?? ""));
      assert.ok(isFault(found) && found.seq <= to + 1, JSON.stringify(found));
    }),
    { numRuns: 60 },
  );
});

test("every truncation is found, also one that ends with a checkpoint", () => {
  for (let end = 0; end < WHOLE.lines.length - 1; end += 41)
    assert.ok(isFault(check(WHOLE.lines.slice(0, end))), `${end}`);
  const atCheckpoint = WHOLE.lines.findLastIndex((line, at) => line.startsWith('{"type":"checkpoint"') && at < 900);
  assert.ok(isFault(check(WHOLE.lines.slice(0, atCheckpoint + 1))));
});

test("an older state that was signed is told from the newest one by a checkpoint that was kept elsewhere", () => {
  const older = exportOf(
    Array.from({ length: 640 }, (_, n) => entry(n + 1)),
    64,
  );
  // By itself it was true once: that is why checkpoints are kept elsewhere.
  assert.ok(!isFault(check(older.lines)));
  const found = check(older.lines, [WHOLE.notes.at(-1) ?? ""]);
  assert.ok(isFault(found) && found.seq === 641, JSON.stringify(found));
});

test("a log that was written anew, with every hash made right again, is found by its signatures", () => {
  const forged = exportOf(
    Array.from({ length: SIZE }, (_, n) => entry(n + 1, n === 499 ? { outcome: "denied" } : {})),
    64,
  );
  const signatures = WHOLE.lines.filter((line) => line.startsWith('{"type":"checkpoint"'));
  let next = 0;
  const lines = forged.lines.map((line) =>
    line.startsWith('{"type":"checkpoint"') ? (signatures[next++] ?? "") : line,
  );
  lines[0] = WHOLE.lines[0] ?? "";
  const found = check(lines);
  assert.ok(isFault(found), JSON.stringify(found));
  assert.deepEqual([found.seq, found.message], [449, "A record from 449 to 512 is not what was signed."]);
  // The control: a verifier that trusted the chain alone would take it.
  assert.ok(!isFault(check(forged.lines)), "the forged log is right but for its signatures");
});

test("a checkpoint of another key, another log or another size does not hold", () => {
  const root = new Uint8Array(32);
  const signed = note(5, root);
  assert.deepEqual(openCheckpoint(tools, signed, KEY), { origin: KEY.name, size: 5, root });
  const other = { ...KEY, name: "test-log/other" };
  assert.equal(openCheckpoint(tools, signed, other), "it has no signature of this key");
  assert.equal(openCheckpoint(tools, signed.replace("\n5\n", "\n6\n"), KEY), "its signature is wrong");
  const foreign = signCheckpoint(sha256, { origin: "x", size: 5, root }, KEY, (text) => sign(null, text, PRIVATE));
  assert.equal(openCheckpoint(tools, foreign, KEY), "it is of another log");
  assert.equal(openCheckpoint(tools, "x", KEY), "it is no signed note");
  assert.deepEqual(parseVerifierKey(sha256, verifierKey(sha256, KEY)), KEY);
  assert.equal(parseVerifierKey(sha256, verifierKey(sha256, KEY).replace("log", "lag")), undefined);
});

// Inputs and roots of the reference implementation's test (google/certificate-transparency, merkle_tree_test; RFC 6962).
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test("the tree has the published roots of RFC 6962, grown at once or from its peaks", () => {
  const tree = new MerkleTree(sha256);
  assert.equal(toHex(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  LEAVES.forEach((leaf, at) => {
    tree.append(leafHash(sha256, Buffer.from(leaf, "hex")));
    assert.equal(toHex(tree.root()), ROOTS[at]);
    const again = new MerkleTree(sha256, tree.size, tree.peaks);
    assert.ok(sameBytes(again.root(), tree.root()));
  });
  assert.throws(() => new MerkleTree(sha256, 3, tree.peaks), RangeError);
});

test("canonical JSON is that of RFC 8785", () => {
  assert.equal(
    canonicalJson({ b: [1, null, true], "\u20ac": '\u20ac$\u000f\nA\'B"\\\\"/', a: { z: -0, y: "\ud83d\ude00" } }),
    '{"a":{"y":"😀","z":0},"b":[1,null,true],"€":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  assert.throws(() => canonicalJson(1.5), RangeError);
  assert.throws(() => canonicalJson("\ud800"), RangeError);
  assert.equal(toBase64(new Uint8Array([255, 254])), "//4=");
});
