import type { ApiKey } from "@slipway/contracts/api/api-keys.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ApiKeys, StoredApiKey } from "#store/api-keys.ts";
import type { ChangeFeed } from "#store/change-feed.ts";

/** A new key with its recognisable beginning and the hash to store. */
export type Mint = () => { readonly key: string; readonly prefix: string; readonly hash: Uint8Array };

/** What the routes of keys need from the rooms. */
export interface ApiKeyServices {
  readonly apiKeys: ApiKeys;
  readonly changes: ChangeFeed;
  readonly mint: Mint;
}

const time = (date: Date | null): string | null => date?.toISOString() ?? null;

/** A key as the API shows it. */
export function presentApiKey(key: StoredApiKey): ApiKey {
  const { id, name, prefix, role, scopes, userId } = key;
  return {
    id,
    name,
    prefix,
    role,
    scopes: scopes && [...scopes],
    expiresAt: time(key.expiresAt),
    userId,
    lastUsedAt: time(key.lastUsedAt),
    rotatedAt: time(key.rotatedAt),
    previousSecretUntil: time(key.previousExpiresAt),
    createdAt: key.createdAt.toISOString(),
    revokedAt: time(key.revokedAt),
  };
}

/** When a key is to end; throws `invalid_request` for a time that is over. */
export function endOf(text: string | null): Date | null {
  if (text === null) return null;
  const end = new Date(text);
  if (end.getTime() > Date.now()) return end;
  throw new SlipwayError("invalid_request", "`expiresAt`: must lie in the future.", { param: "expiresAt" });
}
