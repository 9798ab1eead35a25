import { randomBytes } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "./aes-gcm.ts";
import { boundTo } from "./bound-to.ts";
import type { MasterKey } from "./master-key.ts";

// version (1) ‖ id of the master key (8) ‖ nonce (12) ‖ encrypted data key (32) ‖ tag (16)
const VERSION = 1;
const ID_BYTES = 8;
const LENGTH = 1 + ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** A fresh data key of 32 random bytes. */
export function newDataKey(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

/** A data key encrypted under the master key, bound to its tenant and subject. */
export function wrapDataKey(master: MasterKey, tenantId: string, subject: string, dataKey: Uint8Array): Uint8Array {
  const head = Buffer.concat([Buffer.from([VERSION]), Buffer.from(master.id, "hex")]);
  return Buffer.concat([head, encrypt(master.dataKeyWrapping, dataKey, binding(tenantId, subject))]);
}

/**
 * The data key inside a wrapped one. Throws `decryption_failed` when it was wrapped under another master key, for another
 * tenant or subject, by a newer version, or was changed.
 */
export function unwrapDataKey(master: MasterKey, tenantId: string, subject: string, wrapped: Uint8Array): Uint8Array {
  if (wrapped[0] !== VERSION)
    throw failed("was written by a newer version of this server or is damaged", "Run the newest version.");
  const wrappedUnder = Buffer.from(wrapped.subarray(1, 1 + ID_BYTES)).toString("hex");
  if (wrappedUnder !== master.id) {
    throw failed(
      `was encrypted with another master key (${wrappedUnder}; this server has ${master.id})`,
      "Start the server with the ENCRYPTION_KEY or key file that the data was written with.",
    );
  }
  const dataKey =
    wrapped.length === LENGTH
      ? decrypt(master.dataKeyWrapping, wrapped.subarray(1 + ID_BYTES), binding(tenantId, subject))
      : undefined;
  if (!dataKey) throw failed("was changed since it was written", "Restore the database from a backup.");
  return dataKey;
}

function binding(tenantId: string, subject: string): Uint8Array {
  return boundTo("slipway data key v1", tenantId, subject);
}

function failed(what: string, hint: string): SlipwayError {
  return new SlipwayError("decryption_failed", `The tenant's data key ${what}.`, { hint });
}
