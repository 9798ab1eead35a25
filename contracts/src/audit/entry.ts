import { bytesOf, type Sha256 } from "./bytes.ts";
import { canonicalJson } from "./canonical-json.ts";
import { leafHash } from "./merkle.ts";

/**
 * An audit record in its place in its tenant's log: what is hashed, exported and delivered. Its canonical JSON (RFC 8785) is the
 * data of a leaf of the tenant's Merkle tree.
 */
export interface AuditEntry {
  /** The version of this form. */
  readonly v: 1;
  readonly tenantId: string;
  /** From 1, without gaps. */
  readonly seq: number;
  readonly id: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: "ok" | "denied" | "error" | "aborted";
  readonly code: string | null;
  /** Pico-dollars (10⁻¹² USD) as decimal digits; null when nothing was bought or nobody knows. */
  readonly costPico: string | null;
  readonly clientIp: string | null;
  readonly requestId: string;
  readonly release: string;
  /** UTC with milliseconds, `2026-11-21T10:00:00.000Z`. */
  readonly at: string;
  readonly level: "metadata" | "request" | "full";
  /** SHA-256 in hexadecimal of what was said, as it is kept: redacted and encrypted. Null when nothing of it is kept. */
  readonly contentSha256: string | null;
}

const NAMES: readonly (keyof AuditEntry)[] = [
  "v",
  "tenantId",
  "seq",
  "id",
  "actor",
  "action",
  "target",
  "outcome",
  "code",
  "costPico",
  "clientIp",
  "requestId",
  "release",
  "at",
  "level",
  "contentSha256",
];

/** The hash of the record: that of its leaf. Throws RangeError when the entry has no canonical form. */
export function recordHash(sha256: Sha256, entry: AuditEntry): Uint8Array {
  return leafHash(sha256, bytesOf(canonicalJson({ ...entry })));
}

/** The hash that the first record of a tenant's log is chained to. */
export function firstChainHash(sha256: Sha256, tenantId: string): Uint8Array {
  return sha256(bytesOf(`slipway audit chain v1\n${tenantId}\n`));
}

/** The chain hash at a record: SHA-256 of the chain hash before it, then the record's hash. */
export function nextChainHash(sha256: Sha256, before: Uint8Array, record: Uint8Array): Uint8Array {
  return sha256(before, record);
}

/** True when the value has the fields of an entry, each a text, a number or null, and no others. Their meaning is held by the hash. */
export function isAuditEntry(value: unknown): value is AuditEntry {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  if (fields.size !== NAMES.length || !NAMES.every((name) => fields.has(name))) return false;
  for (const [name, field] of fields) {
    const fits =
      name === "v" || name === "seq" ? Number.isSafeInteger(field) : field === null || typeof field === "string";
    if (!fits) return false;
  }
  return typeof fields.get("tenantId") === "string" && typeof fields.get("id") === "string";
}
