import { createHash, hash } from "node:crypto";

/** SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return hash("sha256", only, "buffer");
  const hashing = createHash("sha256");
  for (const part of parts) hashing.update(part);
  return hashing.digest();
}
