import assert from "node:assert/strict";
import { test } from "node:test";
import { firstChainHash } from "@slipway/contracts/audit/entry.ts";
import { sha256 } from "#lib/sha256.ts";
import type { AuditChain } from "#store/audit-chain.ts";
import { Checkpointing } from "./checkpointing.ts";

test("every log that has grown is signed in one go, however many there are, and a broken one holds up none", async () => {
  const tenants = Array.from({ length: 2500 }, (_, n) => `t${String(n).padStart(4, "0")}`);
  const broken = tenants.slice(0, 1200);
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
    addCheckpoint: (tenantId) => Promise.resolve(void signed.push(tenantId)),
  };
  const signer = { sign: () => "note", verifierKey: () => "key" };
  const told: string[] = [];
  const checkpointing = new Checkpointing(chain as AuditChain, signer, (tenantId) => void told.push(tenantId));
  assert.equal(await checkpointing.signAll(), 1300);
  assert.deepEqual(told, broken);
  assert.deepEqual(signed, tenants.slice(1200));
});
