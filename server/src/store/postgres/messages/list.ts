import type { StoredMessage } from "../../messages.ts";
import { sql, type Statement } from "../sql.ts";

/** A cursor that is no message of this thread gives an empty page. */
export function listMessages(
  tenantId: string,
  threadId: string,
  page: { readonly limit: number; readonly bytes: number; readonly cursor?: string },
): Statement<StoredMessage> {
  const cursor = page.cursor ?? null;
  return sql`
    select id, role, content, "createdAt"
    from (
      select id, role, content, created_at as "createdAt", position,
        sum(octet_length(content)) over (order by position rows unbounded preceding) - octet_length(content) as before
      from (
        select id, role, content, created_at, position
        from slipway.messages
        where tenant_id = ${tenantId} and thread_id = ${threadId}
          and (${cursor}::text is null or position > (
            select position
            from slipway.messages
            where tenant_id = ${tenantId} and thread_id = ${threadId} and id = ${cursor}
          ))
        order by position
        limit ${page.limit}
      ) as page
    ) as measured
    where before <= ${page.bytes}
    order by position`;
}
