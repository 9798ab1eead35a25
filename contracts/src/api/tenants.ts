import { z } from "zod";
import { createdApiKeySchema } from "./api-keys.ts";

/** Body of `POST /api/v1/tenants`. */
export const createTenantSchema = z.strictObject({
  /** Lower case letters, digits and hyphens, at most 63. */
  id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "must be lower case letters, digits and hyphens"),
  name: z.string().min(1).max(200),
});

/** A tenant of the installation. */
const tenantSchema = z.object({ id: z.string(), name: z.string(), createdAt: z.string() });

/** Answer of `POST /api/v1/tenants`: with the key of its first owner, which is shown this once. */
export const createdTenantSchema = z.object({
  id: z.string(),
  name: z.string(),
  apiKey: createdApiKeySchema.pick({ id: true, name: true, role: true, key: true }),
});
export type CreatedTenant = z.infer<typeof createdTenantSchema>;

/** Answer of `GET /api/v1/tenants`; `nextCursor` is null on the last page. */
export const tenantListSchema = z.object({ tenants: z.array(tenantSchema), nextCursor: z.string().nullable() });
export type TenantList = z.infer<typeof tenantListSchema>;
