import { type CreatedApiKey, rotateApiKeySchema, updateApiKeySchema } from "@slipway/contracts/api/api-keys.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { assertEndsWith, assertMayGrant, assertMayManageFor, permissionsOfGrant } from "#identity/grants.ts";
import type { Principal } from "#identity/principal.ts";
import { scopesOf } from "#identity/scopes.ts";
import type { StoredApiKey } from "#store/api-keys.ts";
import { type App, type AppServices, auditOf, jsonBody, pathParam, principalOf } from "../../../../app.ts";
import { type ApiKeyServices, endOf, presentApiKey } from "./present.ts";

function notFound(): SlipwayError {
  return new SlipwayError("not_found", "There is no such API key.", { hint: "GET /api/v1/api-keys lists them." });
}

/** Who has a hand in a key must hold all that the key permits: to rotate one is to have it. */
function assertMayManage(caller: Principal, key: StoredApiKey): void {
  assertMayManageFor(caller, key.userId);
  assertMayGrant(caller, permissionsOfGrant(key.role, scopesOf(key.scopes)));
}

/** `/api/v1/api-keys/<id>`: shows, changes, rotates and revokes one key. */
export function registerApiKey(app: App, services: AppServices, options: ApiKeyServices): void {
  const { apiKeys, changes, mint } = options;
  const ids = { id: "key" };
  const managed = async (principal: Principal, id: string): Promise<StoredApiKey> => {
    const key = await apiKeys.get(principal.tenantId, id);
    if (!key) throw notFound();
    assertMayManage(principal, key);
    return key;
  };
  app.get("/api/v1/api-keys/:id", { requires: "keys:read", ids }, async (c) => {
    const key = await apiKeys.get(principalOf(c).tenantId, pathParam(c, "id"));
    if (!key) throw notFound();
    return c.json(presentApiKey(key));
  });
  app.patch("/api/v1/api-keys/:id", { requires: "keys:write", ids, body: updateApiKeySchema }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    const { name, role, scopes, expiresAt: end } = await jsonBody(c, updateApiKeySchema);
    const before = await managed(principal, id);
    assertMayGrant(
      principal,
      permissionsOfGrant(role ?? before.role, scopesOf(scopes === undefined ? before.scopes : scopes)),
    );
    const expiresAt = end === undefined ? undefined : endOf(end);
    if (expiresAt !== undefined) assertEndsWith(principal, expiresAt);
    const change = {
      ...(name === undefined ? {} : { name }),
      ...(role === undefined ? {} : { role }),
      ...(scopes === undefined ? {} : { scopes }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    const updated = await apiKeys.update(principal.tenantId, id, change);
    if (!updated) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "api_key.update", id);
    return c.json(presentApiKey(updated));
  });
  app.post("/api/v1/api-keys/:id/rotate", { requires: "keys:write", ids, body: rotateApiKeySchema }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    const { overlapSeconds } = await jsonBody(c, rotateApiKeySchema);
    const before = await managed(principal, id);
    // Also of a secret that was rotated away itself: in its overlap it gets no new one.
    assertEndsWith(principal, before.expiresAt);
    const { key, prefix, hash } = mint();
    const rotated = await apiKeys.rotate(principal.tenantId, id, { prefix, hash, overlapSeconds });
    if (!rotated) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "api_key.rotate", id);
    c.header("cache-control", "no-store");
    const answer: CreatedApiKey = { ...presentApiKey(rotated), key };
    return c.json(answer);
  });
  app.delete("/api/v1/api-keys/:id", { requires: "keys:write", ids }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    await managed(principal, id);
    if (!(await apiKeys.revoke(principal.tenantId, id))) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "api_key.revoke", id);
    return c.body(null, 204);
  });
}
