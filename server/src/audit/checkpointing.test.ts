import assert from "node:assert/strict";
import { test } from "node:test";
import { firstChainHash } from "@slipway/contracts/audit/entry.ts";
import { sha256 } from "#lib/sha256.ts";
import type { AuditChain } from "#store/audit-chain.ts";
import { Checkpointing } from "./checkpointing.ts";

const named = (n: number): string => `t${String(n).padStart(4, "0")}`;

/** Logs of one record each; what was signed, and what was told. */
function world(tenants: readonly string[], of: { readonly broken?: readonly string[]; readonly failing?: string[] }) {
  const { broken = [], failing = [] } = of;
  const signed: string[] = [];
  const recordHash = sha256(Buffer.from("record"));
  const chain: Pick<AuditChain, "unsigned" | "latestCheckpoint" | "stretch" | "addCheckpoint"> = {
    unsigned: (after, limit) =>
      Promise.resolve(tenants.filter((id) => id > after && !signed.includes(id)).slice(0, limit)),
    latestCheckpoint: () => Promise.resolve(undefined),
    stretch: (tenantId, { chainHash }) => {
      assert.deepEqual(chainHash, firstChainHash(sha256, tenantId));
      const follows = !broken.includes(tenantId);
      const recordHashes = follows ? recordHash : new Uint8Array();
      return Promise.resolve({ links: 1, position: 1, chainHash: follows ? recordHash : null, recordHashes });
    },
    addCheckpoint: (tenantId) =>
      failing.includes(tenantId) ? Promise.reject(new Error("refused")) : Promise.resolve(void signed.push(tenantId)),
  };
  const signer = { sign: () => "note", verifierKey: () => "key" };
  const told: string[] = [];
  const failed: string[] = [];
  const checkpointing = new Checkpointing(chain as AuditChain, signer, {
    onBroken: (tenantId) => void told.push(tenantId),
    onFailed: (tenantId) => void failed.push(tenantId),
  });
  return { checkpointing, signed, told, failed };
}

/** Signs to the end of a round, in pieces; answers how many checkpoints were made. */
async function round(checkpointing: Checkpointing, ms = Infinity): Promise<number> {
  for (let sum = 0; ;) {
    const { made, over } = await checkpointing.signFor(ms);
    sum += made;
    if (over) return sum;
  }
}

test("every log that has grown is signed, however many there are and in how many pieces, and a broken one holds up none", async () => {
  const tenants = Array.from({ length: 2500 }, (_, n) => named(n));
  const broken = tenants.slice(0, 1200);
  for (const ms of [Infinity, 0]) {
    const { checkpointing, signed, told } = world(tenants, { broken });
    assert.equal(await round(checkpointing, ms), 1300);
    assert.deepEqual(told, broken);
    assert.deepEqual(signed, tenants.slice(1200));
  }
});

test("a round goes on where it stood, also after another process may have gone on; one that is begun anew does not", async () => {
  const { checkpointing, signed } = world(["a", "b", "c"], {});
  assert.deepEqual(await checkpointing.signFor(0), { made: 1, over: false });
  checkpointing.forget();
  await checkpointing.signFor(0);
  assert.deepEqual(signed, ["a", "b"]);
  signed.length = 0;
  await checkpointing.signFor(0);
  assert.deepEqual(signed, ["c"]);
  checkpointing.forget();
  checkpointing.begin();
  await round(checkpointing);
  assert.deepEqual(signed, ["c", "a", "b"]);
});

test("a log whose checkpoint cannot be written is told of and holds up none behind it, and is signed in a later round", async () => {
  const failing = ["a", "c"];
  const { checkpointing, signed, failed } = world(["a", "b", "c", "d"], { failing });
  assert.equal(await round(checkpointing), 2);
  assert.deepEqual(
    [signed, failed],
    [
      ["b", "d"],
      ["a", "c"],
    ],
  );
  failing.length = 0;
  assert.equal(await round(checkpointing), 2);
  assert.deepEqual(signed, ["b", "d", "a", "c"]);
});

test("where log after log fails it is left at that, because a database that is away is not asked once for every tenant; then it goes on behind them", async () => {
  const tenants = Array.from({ length: 50 }, (_, n) => named(n));
  const failing = tenants.slice(0, 15);
  const { checkpointing, signed, failed } = world(tenants, { failing });
  await assert.rejects(round(checkpointing), /refused/);
  assert.deepEqual([signed, failed], [[], tenants.slice(0, 10)]);
  assert.equal(await round(checkpointing), 35);
  assert.deepEqual([signed, failed], [tenants.slice(15), failing]);
});

test("a log that has grown for longer than there is time is signed piece by piece, and those behind it after it", async () => {
  const links = new Map([
    ["a", 600],
    ["b", 1],
  ]);
  const signed: (readonly [string, number])[] = [];
  const chain: Pick<AuditChain, "unsigned" | "latestCheckpoint" | "stretch" | "addCheckpoint"> = {
    unsigned: () => Promise.resolve([...links.keys()]),
    latestCheckpoint: () => Promise.resolve(undefined),
    stretch(tenantId, { seq, chainHash }, limit) {
      const count = Math.min(limit, (links.get(tenantId) ?? 0) - seq);
      const recordHashes = Buffer.alloc(32 * count, seq);
      return Promise.resolve({
        links: count,
        position: seq + count,
        chainHash: count > 0 ? chainHash : null,
        recordHashes,
      });
    },
    addCheckpoint: (tenantId, { size }) => Promise.resolve(void signed.push([tenantId, size])),
  };
  const signer = { sign: () => "note", verifierKey: () => "key" };
  const never = (tenantId: string): never => assert.fail(`${tenantId} is whole`);
  const checkpointing = new Checkpointing(chain as AuditChain, signer, { onBroken: never, onFailed: never });
  assert.deepEqual(await checkpointing.signFor(0), { made: 1, over: false });
  assert.deepEqual(signed, [["a", 250]]);
  assert.equal(await round(checkpointing, 0), 3);
  assert.deepEqual(signed.slice(1), [
    ["a", 500],
    ["a", 600],
    ["b", 1],
  ]);
});
