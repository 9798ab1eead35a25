/**
 * What a ciphertext is bound to, as additional authenticated data. Every part carries its length, because with a separator
 * one list of names could read as another.
 */
export function boundTo(...parts: readonly string[]): Buffer {
  const pieces: Buffer[] = [];
  for (const part of parts) {
    const bytes = Buffer.from(part, "utf8");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    pieces.push(length, bytes);
  }
  return Buffer.concat(pieces);
}
