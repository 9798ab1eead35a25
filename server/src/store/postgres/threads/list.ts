import type { StoredThread } from "../../threads.ts";
import { sql, type Statement } from "../sql.ts";

export function listThreads(
  tenantId: string,
  page: { readonly limit: number; readonly cursor?: string },
): Statement<StoredThread> {
  const cursor = page.cursor ?? null;
  return sql`
    select id, agent, created_at as "createdAt", updated_at as "updatedAt"
    from slipway.threads
    where tenant_id = ${tenantId} and (${cursor}::text is null or id < ${cursor})
    order by id desc
    limit ${page.limit}`;
}
