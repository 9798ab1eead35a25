import type { StoredMessage } from "../../messages.ts";
import { sql, type Statement } from "../sql.ts";

export function latestMessages(
  tenantId: string,
  threadId: string,
  most: { readonly limit: number; readonly bytes: number },
): Statement<StoredMessage> {
  return sql`
    select id, role, content, "createdAt"
    from (
      select id, role, content, created_at as "createdAt", position,
        sum(octet_length(content)) over (order by position desc rows unbounded preceding) - octet_length(content) as after
      from (
        select id, role, content, created_at, position
        from slipway.messages
        where tenant_id = ${tenantId} and thread_id = ${threadId}
        order by position desc
        limit ${most.limit}
      ) as latest
    ) as measured
    where after <= ${most.bytes}
    order by position`;
}
