import { type CreatedTenant, createTenantSchema, type TenantList } from "@slipway/contracts/api/tenants.ts";
import { z } from "zod";
import { newId } from "#lib/ids.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import type { Directory } from "#store/directory.ts";
import type { Tenants } from "#store/tenants.ts";
import { type App, type AppServices, auditOf, jsonBody, principalOf, queryOf } from "../../../app.ts";
import type { Mint } from "./api-keys/present.ts";

const PAGE = 200;

const pageSchema = z.strictObject({ cursor: z.string().max(64).optional() });

/** `/api/v1/tenants`: for whoever runs the installation, that is the environment's key; no role in a tenant may ask it. */
export function registerTenants(
  app: App,
  services: AppServices,
  options: {
    readonly tenants: Tenants;
    readonly directory: Pick<Directory, "tenants">;
    readonly changes: ChangeFeed;
    readonly mint: Mint;
  },
): void {
  const { tenants, directory, changes, mint } = options;
  app.post("/api/v1/tenants", { requires: "tenants:write", body: createTenantSchema }, async (c) => {
    const principal = principalOf(c);
    const { id, name } = await jsonBody(c, createTenantSchema);
    const { key, prefix, hash } = mint();
    const first = { id: newId("key"), name: "First owner", prefix, hash, role: "owner" as const };
    await tenants.create(id, name, first);
    await changes.refresh();
    auditOf(c, services, principal, "tenant.create", id);
    c.header("cache-control", "no-store");
    const created: CreatedTenant = { id, name, apiKey: { id: first.id, name: first.name, role: first.role, key } };
    return c.json(created, 201);
  });
  app.get("/api/v1/tenants", { requires: "tenants:read", query: pageSchema }, async (c) => {
    const { cursor } = queryOf(c, pageSchema);
    const found = await directory.tenants(cursor);
    const page = found.slice(0, PAGE);
    const list: TenantList = {
      tenants: page.map(({ tenantId, name, createdAt }) => ({
        id: tenantId,
        name,
        createdAt: createdAt.toISOString(),
      })),
      nextCursor: found.length > PAGE ? (page.at(-1)?.tenantId ?? null) : null,
    };
    return c.json(list);
  });
}
