import { hash } from "node:crypto";

const SCRATCH = Buffer.alloc(1024);

/**
 * SHA-256 of the parts, one after the other. Short parts are joined first, because an incremental hash costs several times as much; and the
 * digest is asked for as a text, which takes Node a fifth of the time that a buffer takes it.
 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.from(hash("sha256", joined(parts), "binary"), "latin1");
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > SCRATCH.length) return Buffer.concat(parts);
  let end = 0;
  for (const part of parts) {
    SCRATCH.set(part, end);
    end += part.length;
  }
  return SCRATCH.subarray(0, end);
}
