import {
  type ApiProviderKey,
  type ApiProviderKeyList,
  putProviderKeySchema,
} from "@slipway/contracts/api/provider-keys.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { KeyChest } from "#router/own-keys/key-chest.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import type { StoredProviderKey } from "#store/provider-keys.ts";
import { type App, type AppServices, auditOf, jsonBody, pathParam, principalOf } from "../../../app.ts";

function present({ provider, last4, updatedAt }: StoredProviderKey): ApiProviderKey {
  return { provider, last4, updatedAt: updatedAt.toISOString() };
}

/** `/api/v1/provider-keys`: the tenant's own keys at model vendors, which its calls are made by. A key can be put and never be read. */
export function registerProviderKeys(
  app: App,
  services: AppServices,
  options: {
    readonly chest: KeyChest;
    readonly changes: ChangeFeed;
    /** Providers of this server that take a key. */
    readonly providers: readonly string[];
  },
): void {
  const { chest, changes, providers } = options;
  const ids = { provider: "provider" };
  app.get("/api/v1/provider-keys", { requires: "secrets:read" }, async (c) => {
    const list: ApiProviderKeyList = { data: (await chest.list(principalOf(c).tenantId)).map(present) };
    return c.json(list);
  });
  app.put(
    "/api/v1/provider-keys/:provider",
    { requires: "secrets:write", ids, body: putProviderKeySchema },
    async (c) => {
      const principal = principalOf(c);
      const provider = pathParam(c, "provider");
      if (!providers.includes(provider)) {
        throw new SlipwayError("not_found", "This server has no such provider that takes a key.", {
          hint: `It has: ${providers.join(", ") || "none"}.`,
        });
      }
      const { key } = await jsonBody(c, putProviderKeySchema);
      const stored = await chest.put(principal.tenantId, provider, key);
      await changes.refresh();
      auditOf(c, services, principal, "provider_key.put", provider);
      return c.json(present(stored));
    },
  );
  app.delete("/api/v1/provider-keys/:provider", { requires: "secrets:write", ids }, async (c) => {
    const principal = principalOf(c);
    const provider = pathParam(c, "provider");
    if (!(await chest.remove(principal.tenantId, provider))) {
      throw new SlipwayError("not_found", "There is no key of your own for this provider.", {
        hint: "GET /api/v1/provider-keys lists them.",
      });
    }
    await changes.refresh();
    auditOf(c, services, principal, "provider_key.delete", provider);
    return c.body(null, 204);
  });
}
