import { type ApiKeyList, createApiKeySchema, type CreatedApiKey } from "@slipway/contracts/api/api-keys.ts";
import { assertEndsWith, assertMayGrant, assertMayManageFor, permissionsOfGrant } from "#identity/grants.ts";
import { scopesOf } from "#identity/scopes.ts";
import { newId } from "#lib/ids.ts";
import { type App, type AppServices, auditOf, jsonBody, principalOf } from "../../../app.ts";
import { type ApiKeyServices, endOf, presentApiKey } from "./api-keys/present.ts";

/** `/api/v1/api-keys`: the keys of the caller's tenant. A change is in force here when the answer is sent, and everywhere within a second. */
export function registerApiKeys(app: App, services: AppServices, options: ApiKeyServices): void {
  const { apiKeys, changes, mint } = options;
  app.post("/api/v1/api-keys", { requires: "keys:write", body: createApiKeySchema }, async (c) => {
    const principal = principalOf(c);
    const { name, role, scopes, userId = principal.userId, ...body } = await jsonBody(c, createApiKeySchema);
    const expiresAt = endOf(body.expiresAt);
    assertMayGrant(principal, permissionsOfGrant(role, scopesOf(scopes)));
    assertMayManageFor(principal, userId);
    assertEndsWith(principal, expiresAt);
    const { key, prefix, hash } = mint();
    const made = { id: newId("key"), name, prefix, hash, role, scopes, expiresAt, userId };
    const stored = await apiKeys.create(principal.tenantId, made);
    await changes.refresh();
    auditOf(c, services, principal, "api_key.create", stored.id);
    c.header("cache-control", "no-store");
    const created: CreatedApiKey = { ...presentApiKey(stored), key };
    return c.json(created, 201);
  });
  app.get("/api/v1/api-keys", { requires: "keys:read" }, async (c) => {
    const keys = await apiKeys.list(principalOf(c).tenantId);
    const list: ApiKeyList = { apiKeys: keys.map(presentApiKey) };
    return c.json(list);
  });
}
