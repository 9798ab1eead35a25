import { hkdfSync } from "node:crypto";
import { keyFromFile } from "./key-file.ts";
import { keyFromText } from "./key-text.ts";

/** What a subkey is for. A key for one purpose tells nothing about the others. */
export type KeyPurpose = "api-key-pepper" | "audit-signing" | "cookie-sealing" | "data-key-wrapping" | "fingerprinting";

/** The one key from which all others come. It leaves the process never, and this object only as subkeys. */
export interface MasterKey {
  /** Where it came from: `ENCRYPTION_KEY` or the key file. */
  readonly source: "environment" | "file";
  /** True when the key file was made just now. */
  readonly created: boolean;
  /** Tells this master key from another without telling anything about it: 16 hex digits. */
  readonly id: string;
  /** 32 bytes, prepended to an API key before it is hashed. */
  readonly apiKeyPepper: Uint8Array;
  /** 32 bytes, for the cookies of the console. */
  readonly cookieSealing: Uint8Array;
  /** 32 bytes, for wrapping the data keys of tenants. */
  readonly dataKeyWrapping: Uint8Array;
  /** 32 bytes, hashed together with what a request says where only its likeness is kept, so that nobody can test guesses. */
  readonly fingerprinting: Uint8Array;
  /** 32 bytes, the seed of the Ed25519 key that signs checkpoints of the audit log. */
  readonly auditSigning: Uint8Array;
}

// A fixed salt is what RFC 5869, 3.1 advises where none can be stored beside the key; the purposes keep the subkeys apart.
const SALT = Buffer.from("slipway master key v1", "utf8");

/** A 32-byte key for one purpose by HKDF-SHA-256 (RFC 5869). */
export function subkey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, SALT, Buffer.from(purpose, "utf8"), 32));
}

/** The master key of 32 given bytes. */
export function masterKeyOf(secret: Uint8Array, source: MasterKey["source"], created = false): MasterKey {
  const forPurpose = (purpose: KeyPurpose): Uint8Array => subkey(secret, purpose);
  return {
    source,
    created,
    id: Buffer.from(subkey(secret, "key-id").subarray(0, 8)).toString("hex"),
    apiKeyPepper: forPurpose("api-key-pepper"),
    cookieSealing: forPurpose("cookie-sealing"),
    dataKeyWrapping: forPurpose("data-key-wrapping"),
    fingerprinting: forPurpose("fingerprinting"),
    auditSigning: forPurpose("audit-signing"),
  };
}

/**
 * The master key from `encryptionKey` when given, otherwise from the key file, which is made when it is not there.
 * Throws `key_unusable` when the text is too short, or the file is readable by others, damaged or out of reach.
 *
 * @example
 * const master = await loadMasterKey({ encryptionKey: env.ENCRYPTION_KEY, keyFile: join(home, "keys", "master.key") });
 */
export async function loadMasterKey(options: {
  readonly encryptionKey?: string | undefined;
  readonly keyFile: string;
}): Promise<MasterKey> {
  if (options.encryptionKey !== undefined) return masterKeyOf(await keyFromText(options.encryptionKey), "environment");
  const { secret, created } = await keyFromFile(options.keyFile);
  return masterKeyOf(secret, "file", created);
}
