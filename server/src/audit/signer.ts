import { originOf, signCheckpoint, verifierKey } from "@slipway/contracts/audit/checkpoint.ts";
import { toHex } from "@slipway/contracts/audit/bytes.ts";
import type { SigningKey } from "#keys/signing-key.ts";
import { sha256 } from "#lib/sha256.ts";

/** Signs the states of tenants' logs. */
export interface CheckpointSigner {
  /** The signed note. */
  sign(tenantId: string, size: number, root: Uint8Array): string;
  /** The public key under the name of the tenant's log, as verifiers take it. */
  verifierKey(tenantId: string): string;
}

/** Signs under this key. Logs are named by the key and the tenant, so that no two installations have one name. */
export function createCheckpointSigner(key: SigningKey): CheckpointSigner {
  const installation = `slipway-audit-${toHex(sha256(key.publicKey).subarray(0, 8))}`;
  const keyOf = (tenantId: string) => ({ name: originOf(installation, tenantId), publicKey: key.publicKey });
  return {
    sign(tenantId, size, root) {
      const named = keyOf(tenantId);
      return signCheckpoint(sha256, { origin: named.name, size, root }, named, (message) => key.sign(message));
    },
    verifierKey: (tenantId) => verifierKey(sha256, keyOf(tenantId)),
  };
}
