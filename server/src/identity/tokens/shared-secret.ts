import { createSecretKey, type KeyObject } from "node:crypto";
import { SECRET_BYTES, type SymmetricAlgorithm } from "./algorithms.ts";

/** The secret as a key of this algorithm; undefined when it has fewer bytes than the algorithm's hash (RFC 7518, 3.2). */
export function sharedSecret(secret: Uint8Array, algorithm: SymmetricAlgorithm): KeyObject | undefined {
  return secret.length < SECRET_BYTES[algorithm] ? undefined : createSecretKey(secret);
}
