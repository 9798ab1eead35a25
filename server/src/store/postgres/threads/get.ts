import type { StoredThread } from "../../threads.ts";
import { sql, type Statement } from "../sql.ts";

export function getThread(tenantId: string, threadId: string): Statement<StoredThread> {
  return sql`
    select id, agent, created_at as "createdAt", updated_at as "updatedAt"
    from slipway.threads
    where tenant_id = ${tenantId} and id = ${threadId}`;
}
