import { SlipwayError } from "@slipway/contracts/errors.ts";
import { decrypt, encrypt } from "./aes-gcm.ts";
import { boundTo } from "./bound-to.ts";
import { newDataKey, unwrapDataKey, wrapDataKey } from "./data-key.ts";
import type { MasterKey } from "./master-key.ts";

/** Where wrapped data keys lie: the part of the store's `subjects` that is needed here. */
export interface WrappedKeys {
  wrappedKey(tenantId: string, subject: string): Promise<Uint8Array | undefined>;
  putWrappedKey(tenantId: string, subject: string, wrappedKey: Uint8Array): Promise<Uint8Array>;
}

/** Encryption under a tenant's own data key. */
export interface Envelopes {
  /** Encrypts; what comes back opens only under the same tenant and the same `aad`. */
  seal(tenantId: string, plaintext: Uint8Array, aad: string): Promise<Uint8Array>;
  /** Decrypts; throws `decryption_failed` when a byte, the key, the tenant or the `aad` differs. */
  open(tenantId: string, ciphertext: Uint8Array, aad: string): Promise<Uint8Array>;
  /** Drops the tenant's data key from memory; the next use reads it from the store. */
  forget(tenantId: string): void;
}

/** The subject under which a tenant's own data key is stored. */
const TENANT_SUBJECT = "tenant";

// version (1) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
const VERSION = Buffer.from([1]);
const DEFAULT_CACHED_KEYS = 1000;

/**
 * Envelopes under the master key. A tenant's data key is made at its first use and kept unwrapped in memory, at most
 * `maxCachedKeys` of them (1,000), the least recently used going first.
 */
export function createEnvelopes(
  master: MasterKey,
  subjects: WrappedKeys,
  options: { readonly maxCachedKeys?: number } = {},
): Envelopes {
  const keys = new DataKeys(master, subjects, options.maxCachedKeys ?? DEFAULT_CACHED_KEYS);
  return {
    async seal(tenantId, plaintext, aad) {
      const key = await keys.of(tenantId, true);
      return Buffer.concat([VERSION, encrypt(key, plaintext, binding(tenantId, aad))]);
    },
    async open(tenantId, ciphertext, aad) {
      if (ciphertext[0] !== VERSION[0]) {
        throw failed("was written by a newer version of this server or is damaged", "Run the newest version.");
      }
      const key = await keys.of(tenantId, false);
      const plaintext = decrypt(key, ciphertext.subarray(1), binding(tenantId, aad));
      if (!plaintext) throw failed("was changed, or belongs to another tenant or thing", "Restore it from a backup.");
      return plaintext;
    },
    forget: (tenantId) => keys.forget(tenantId),
  };
}

class DataKeys {
  readonly #master: MasterKey;
  readonly #subjects: WrappedKeys;
  readonly #most: number;
  // In order of use: a Map keeps the order of insertion, and a key that is used is inserted anew.
  readonly #cached = new Map<string, Promise<Uint8Array>>();

  constructor(master: MasterKey, subjects: WrappedKeys, most: number) {
    this.#master = master;
    this.#subjects = subjects;
    this.#most = most;
  }

  of(tenantId: string, make: boolean): Promise<Uint8Array> {
    const cached = this.#cached.get(tenantId);
    if (cached) {
      this.#cached.delete(tenantId);
      this.#cached.set(tenantId, cached);
      // An opener that is waiting may find no key; a sealer must then make one itself.
      return make ? cached.catch(() => this.#load(tenantId, true)) : cached;
    }
    return this.#remember(tenantId, this.#load(tenantId, make));
  }

  forget(tenantId: string): void {
    this.#cached.delete(tenantId);
  }

  #remember(tenantId: string, key: Promise<Uint8Array>): Promise<Uint8Array> {
    this.#cached.set(tenantId, key);
    if (this.#cached.size > this.#most) {
      const oldest = this.#cached.keys().next();
      if (!oldest.done) this.#cached.delete(oldest.value);
    }
    // A failure is not kept: the database may answer the next time.
    key.catch(() => {
      if (this.#cached.get(tenantId) === key) this.#cached.delete(tenantId);
    });
    return key;
  }

  async #load(tenantId: string, make: boolean): Promise<Uint8Array> {
    let wrapped = await this.#subjects.wrappedKey(tenantId, TENANT_SUBJECT);
    if (!wrapped && make) {
      const fresh = wrapDataKey(this.#master, tenantId, TENANT_SUBJECT, newDataKey());
      // The store keeps the first of two racing keys and answers it, so every server seals under the same one.
      wrapped = await this.#subjects.putWrappedKey(tenantId, TENANT_SUBJECT, fresh);
    }
    if (!wrapped)
      throw failed("belongs to a tenant whose data key is gone", "Data whose key was erased cannot be read again.");
    return unwrapDataKey(this.#master, tenantId, TENANT_SUBJECT, wrapped);
  }
}

function binding(tenantId: string, aad: string): Uint8Array {
  return boundTo("slipway data v1", tenantId, aad);
}

function failed(what: string, hint: string): SlipwayError {
  return new SlipwayError("decryption_failed", `The encrypted data ${what}.`, { hint });
}
