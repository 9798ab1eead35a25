import type { StoredMessage } from "../../messages.ts";
import { sql, type Statement } from "../sql.ts";

export function latestMessages(tenantId: string, threadId: string, limit: number): Statement<StoredMessage> {
  return sql`
    select id, role, content, "createdAt"
    from (
      select id, role, content, created_at as "createdAt", position
      from slipway.messages
      where tenant_id = ${tenantId} and thread_id = ${threadId}
      order by position desc
      limit ${limit}
    ) as latest
    order by position`;
}
