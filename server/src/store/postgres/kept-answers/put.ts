import type { KeptAnswer } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

// Those that go are named one by one: as a query, a planner that knows nothing of the tenant asks it anew for each answer that is kept.
/** Expired answers that one new answer drops: enough that they never pile up, and few enough that nobody waits for it. */
const MOST_DROPPED = 20;

export function putKeptAnswer(
  tenantId: string,
  answer: KeptAnswer & { readonly itemIds: readonly string[]; readonly expiresAt: Date },
): Statement<{ readonly id: string }> {
  return sql`
    with dropped as (
      delete from slipway.kept_answers
      where tenant_id = ${tenantId} and id = any (array(
        select id
        from slipway.kept_answers
        where tenant_id = ${tenantId} and expires_at <= now()
        order by expires_at
        limit ${MOST_DROPPED}
      ))
    )
    insert into slipway.kept_answers (tenant_id, id, previous_id, item_ids, content, expires_at)
    values (${tenantId}, ${answer.id}, ${answer.previousId}, ${answer.itemIds}::text[], ${answer.content}, ${answer.expiresAt})
    returning id`;
}
