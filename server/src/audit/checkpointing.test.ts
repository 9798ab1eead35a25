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

test("every log that has grown is signed in one go, however many there are, and a broken one holds up none", async () => {
  const tenants = Array.from({ length: 2500 }, (_, n) => named(n));
  const broken = tenants.slice(0, 1200);
  const { checkpointing, signed, told } = world(tenants, { broken });
  assert.equal(await checkpointing.signAll(), 1300);
  assert.deepEqual(told, broken);
  assert.deepEqual(signed, tenants.slice(1200));
});

test("a log whose checkpoint cannot be written is told of and holds up none behind it, and is signed in a later round", async () => {
  const failing = ["a", "c"];
  const { checkpointing, signed, failed } = world(["a", "b", "c", "d"], { failing });
  assert.equal(await checkpointing.signAll(), 2);
  assert.deepEqual(
    [signed, failed],
    [
      ["b", "d"],
      ["a", "c"],
    ],
  );
  failing.length = 0;
  assert.equal(await checkpointing.signAll(), 2);
  assert.deepEqual(signed, ["b", "d", "a", "c"]);
});

test("where log after log fails the round ends, because a database that is away is not asked once for every tenant", async () => {
  const tenants = Array.from({ length: 50 }, (_, n) => named(n));
  const { checkpointing, signed, failed } = world(tenants, { failing: tenants });
  await assert.rejects(checkpointing.signAll(), /refused/);
  assert.deepEqual([signed.length, failed.length], [0, 9]);
});
