import { bytesOf, fromBase64, sameBytes, type Sha256, toBase64, toHex } from "./bytes.ts";

/*
 * Checkpoints in the form of https://c2sp.org/tlog-checkpoint: signed notes (https://c2sp.org/signed-note) whose text is origin,
 * tree size and root hash, signed with Ed25519 under the origin as the key's name.
 */

/** A state of a log. */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  readonly size: number;
  /** The RFC 6962 root over the first `size` entries. */
  readonly root: Uint8Array;
}

/** The public key of a log under its name. */
export interface NoteKey {
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Verifies an Ed25519 signature (RFC 8032). Handed in, as {@link Sha256} is. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** The signature type of Ed25519 in signed notes. */
const ED25519 = Uint8Array.of(1);
const NEWLINE = Uint8Array.of(10);
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ID_BYTES = 4;
const MOST_NOTE = 16 * 1024;

/** The name of a tenant's log: the installation's name, then the tenant. */
export function originOf(installation: string, tenantId: string): string {
  return `${installation}/${encodeURIComponent(tenantId)}`;
}

/** The text that is signed. */
function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

function keyId(sha256: Sha256, { name, publicKey }: NoteKey): Uint8Array {
  return sha256(bytesOf(name), NEWLINE, ED25519, publicKey).subarray(0, ID_BYTES);
}

/** The checkpoint as a signed note; `sign` makes an Ed25519 signature with the key's private half. */
export function signCheckpoint(
  sha256: Sha256,
  checkpoint: Checkpoint,
  key: NoteKey,
  sign: (message: Uint8Array) => Uint8Array,
): string {
  const text = checkpointText(checkpoint);
  const signed = Uint8Array.of(...keyId(sha256, key), ...sign(bytesOf(text)));
  return `${text}\n— ${key.name} ${toBase64(signed)}\n`;
}

/** The checkpoint of a note when it has the key's signature and is of the key's log; otherwise what is wrong with it. */
export function openCheckpoint(
  tools: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
  note: string,
  key: NoteKey,
): Checkpoint | string {
  const end = note.lastIndexOf("\n\n");
  if (note.length > MOST_NOTE || end === -1 || !note.endsWith("\n")) return "it is no signed note";
  const text = note.slice(0, end + 1);
  const id = keyId(tools.sha256, key);
  const signature = note
    .slice(end + 2, -1)
    .split("\n")
    .map((line) => signatureOf(line, key.name))
    .find((bytes) => bytes && sameBytes(bytes.subarray(0, ID_BYTES), id));
  if (!signature) return "it has no signature of this key";
  if (!tools.verify(key.publicKey, bytesOf(text), signature.subarray(ID_BYTES))) return "its signature is wrong";
  const [origin, size, root] = text.split("\n");
  const hash = fromBase64(root ?? "");
  if (origin !== key.name) return "it is of another log";
  if (!/^(0|[1-9]\d{0,15})$/.test(size ?? "") || hash?.length !== KEY_BYTES) return "it is no checkpoint";
  return { origin, size: Number(size), root: hash };
}

function signatureOf(line: string, name: string): Uint8Array | undefined {
  const start = `— ${name} `;
  if (!line.startsWith(start)) return undefined;
  const bytes = fromBase64(line.slice(start.length));
  return bytes?.length === ID_BYTES + SIGNATURE_BYTES ? bytes : undefined;
}

/** The key as verifiers take it (`<name>+<id>+<key>`, https://pkg.go.dev/golang.org/x/mod/sumdb/note). */
export function verifierKey(sha256: Sha256, key: NoteKey): string {
  return `${key.name}+${toHex(keyId(sha256, key))}+${toBase64(Uint8Array.of(...ED25519, ...key.publicKey))}`;
}

/** The key of a verifier key, or undefined when the text is none, of another type, or damaged. */
export function parseVerifierKey(sha256: Sha256, text: string): NoteKey | undefined {
  const [, name, id, data] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? [];
  const bytes = fromBase64(data ?? "");
  if (name === undefined || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519[0]) return undefined;
  const key = { name, publicKey: bytes.subarray(1) };
  return toHex(keyId(sha256, key)) === id ? key : undefined;
}
