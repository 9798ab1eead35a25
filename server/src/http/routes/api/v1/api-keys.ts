import {
  type ApiKey,
  type ApiKeyList,
  createApiKeySchema,
  type CreatedApiKey,
} from "@slipway/contracts/api/api-keys.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { newId } from "#lib/ids.ts";
import type { ApiKeys, StoredApiKey } from "#store/api-keys.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import { type App, type AppServices, auditOf, jsonBody, pathParam, principalOf } from "../../../app.ts";

function present(key: StoredApiKey): ApiKey {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    createdAt: key.createdAt.toISOString(),
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}

/** `/api/v1/api-keys`: makes, lists and revokes keys of the caller's tenant. A change is in force here when the answer is sent. */
export function registerApiKeys(
  app: App,
  services: AppServices,
  options: {
    readonly apiKeys: ApiKeys;
    readonly changes: ChangeFeed;
    /** A new key with its recognisable beginning and the hash to store. */
    readonly mint: () => { readonly key: string; readonly prefix: string; readonly hash: Uint8Array };
  },
): void {
  const { apiKeys, changes, mint } = options;
  app.post("/api/v1/api-keys", { requires: "keys:write", body: createApiKeySchema }, async (c) => {
    const principal = principalOf(c);
    const { name } = await jsonBody(c, createApiKeySchema);
    const { key, prefix, hash } = mint();
    const stored = await apiKeys.create(principal.tenantId, { id: newId("key"), name, prefix, hash });
    await changes.refresh();
    auditOf(c, services, principal, "api_key.create", stored.id);
    c.header("cache-control", "no-store");
    const created: CreatedApiKey = { ...present(stored), key };
    return c.json(created, 201);
  });
  app.get("/api/v1/api-keys", { requires: "keys:read" }, async (c) => {
    const principal = principalOf(c);
    const keys = await apiKeys.list(principal.tenantId);
    const list: ApiKeyList = { apiKeys: keys.map(present) };
    return c.json(list);
  });
  app.delete("/api/v1/api-keys/:id", { requires: "keys:write", ids: { id: "key" } }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    if (!(await apiKeys.revoke(principal.tenantId, id))) {
      throw new SlipwayError("not_found", "There is no such API key.", { hint: "GET /api/v1/api-keys lists them." });
    }
    await changes.refresh();
    auditOf(c, services, principal, "api_key.revoke", id);
    return c.body(null, 204);
  });
}
