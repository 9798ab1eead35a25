import type { KeptAnswer } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

/** Expired answers that one new answer drops: enough that they never pile up, and few enough that nobody waits for it. */
const MOST_DROPPED = 20;

/**
 * Those that go are named by their places: by their keys, a planner that knows nothing of the tenant looks for them among all that it has.
 * By that collation the index of what expires asks for the tenant (migration 0031).
 */
export function putKeptAnswer(
  tenantId: string,
  answer: KeptAnswer & { readonly itemIds: readonly string[]; readonly expiresAt: Date },
): Statement<{ readonly id: string }> {
  return sql`
    with dropped as (
      delete from slipway.kept_answers as kept
      using (
        select ctid
        from slipway.kept_answers
        where tenant_id collate "POSIX" = ${tenantId} and expires_at <= now()
        order by expires_at
        limit ${MOST_DROPPED}
      ) as expired
      where kept.tenant_id = ${tenantId} and kept.ctid = expired.ctid
    )
    insert into slipway.kept_answers (tenant_id, id, previous_id, item_ids, content, expires_at)
    values (${tenantId}, ${answer.id}, ${answer.previousId}, ${answer.itemIds}::text[], ${answer.content}, ${answer.expiresAt})
    returning id`;
}
