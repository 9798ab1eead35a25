import type { StoredThread } from "../../threads.ts";
import { sql, type Statement } from "../sql.ts";

export function createThread(
  tenantId: string,
  thread: { readonly id: string; readonly agent: string | null },
): Statement<StoredThread> {
  return sql`
    insert into slipway.threads (tenant_id, id, agent)
    values (${tenantId}, ${thread.id}, ${thread.agent})
    returning id, agent, created_at as "createdAt", updated_at as "updatedAt"`;
}
