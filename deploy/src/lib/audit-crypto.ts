import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";

// DER of RFC 8410 around the 32 bytes of an Ed25519 public key.
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** SHA-256 and Ed25519 as the verification of audit exports needs them. */
export const AUDIT_CRYPTO = {
  sha256: (...parts: readonly Uint8Array[]): Uint8Array => {
    const hashing = createHash("sha256");
    for (const part of parts) hashing.update(part);
    return hashing.digest();
  },
  verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    let key: KeyObject;
    try {
      key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: "der", type: "spki" });
    } catch {
      return false;
    }
    return verify(null, message, key, signature);
  },
};
