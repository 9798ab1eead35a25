import type { StoredMessage } from "../../messages.ts";
import { sql, type Statement } from "../sql.ts";

/**
 * One row when the tenant has the thread. The thread is locked first, so that appends to it come one after another and
 * `position` is their order; it is touched only when a message is new.
 */
export function appendMessages(
  tenantId: string,
  threadId: string,
  messages: readonly { readonly id: string; readonly role: StoredMessage["role"]; readonly content: Uint8Array }[],
): Statement<{ readonly id: string }> {
  const ids = messages.map((message) => message.id);
  const roles = messages.map((message) => message.role);
  const contents = messages.map((message) => message.content);
  return sql`
    with thread as (
      select id
      from slipway.threads
      where tenant_id = ${tenantId} and id = ${threadId}
      for update
    ), added as (
      insert into slipway.messages (tenant_id, thread_id, id, role, content)
      select ${tenantId}, thread.id, message.id, message.role, message.content
      from thread,
        unnest(${ids}::text[], ${roles}::text[], ${contents}::bytea[]) with ordinality as message (id, role, content, n)
      order by message.n
      on conflict (tenant_id, thread_id, id) do nothing
      returning id
    ), touched as (
      update slipway.threads
      set updated_at = greatest(updated_at, now())
      where tenant_id = ${tenantId} and id = ${threadId} and exists (select from added)
    )
    select id
    from thread`;
}
