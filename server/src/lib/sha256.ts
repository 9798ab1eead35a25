import { hash } from "node:crypto";

/** SHA-256 of the parts, one after the other. They are joined first: for what is short, an incremental hash costs ten times as much. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return hash("sha256", parts.length === 1 && only ? only : Buffer.concat(parts), "buffer");
}
