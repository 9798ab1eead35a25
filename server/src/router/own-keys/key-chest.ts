import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Envelopes } from "#keys/envelope.ts";
import { newId } from "#lib/ids.ts";
import type { ProviderKeys, StoredProviderKey } from "#store/provider-keys.ts";
import type { OpenKey } from "./own-key-provider.ts";

/** Keys of tenants at rest: what goes in comes out for calls only. */
export interface KeyChest {
  put(tenantId: string, provider: string, key: string): Promise<StoredProviderKey>;
  list(tenantId: string): Promise<readonly StoredProviderKey[]>;
  remove(tenantId: string, provider: string): Promise<boolean>;
  readonly open: OpenKey;
}

/** Shorter keys are told by nothing: four characters of them would be too many. */
const LEAST_TOLD = 16;

// A sealed key opens for its tenant, its provider and its version only: rows cannot be swapped.
const binding = (provider: string, version: string): string => `provider key ${provider} ${version}`;

/** Keeps keys under the tenant's data key. */
export function createKeyChest(store: ProviderKeys, envelopes: Envelopes): KeyChest {
  return {
    async put(tenantId, provider, key) {
      const version = newId("pk");
      const sealed = await envelopes.seal(tenantId, Buffer.from(key, "utf8"), binding(provider, version));
      return await store.put(tenantId, {
        provider,
        version,
        sealed,
        last4: key.length < LEAST_TOLD ? "" : key.slice(-4),
      });
    },
    list: (tenantId) => store.list(tenantId),
    remove: (tenantId, provider) => store.remove(tenantId, provider),
    async open(tenantId, provider, version) {
      const sealed = await store.sealed(tenantId, provider, version);
      if (!sealed) {
        throw new SlipwayError("provider_unavailable", "Your organisation's key for this provider has just changed.", {
          hint: "Try again.",
          retryAfter: 1,
        });
      }
      return Buffer.from(await envelopes.open(tenantId, sealed, binding(provider, version))).toString("utf8");
    },
  };
}
