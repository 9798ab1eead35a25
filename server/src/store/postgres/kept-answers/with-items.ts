import type { KeptAnswer, MostAnswers } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

/** Answers are looked up one by one (`offset 0`): joined, a planner that knows nothing of the tenant reads all that it has. */
export function keptAnswersWithItems(
  tenantId: string,
  itemIds: readonly string[],
  most: MostAnswers,
): Statement<KeptAnswer> {
  return sql`
    select id, previous_id as "previousId", content
    from (
      select kept.*,
        sum(octet_length(content)) over (order by created_at desc, kept.id rows unbounded preceding) - octet_length(content) as before
      from unnest(array(
        select distinct answer_id
        from slipway.kept_answer_items
        where tenant_id = ${tenantId} and item_id = any (${itemIds}::text[])
      )) as named (id)
      cross join lateral (
        select id, previous_id, content, created_at
        from slipway.kept_answers
        where tenant_id = ${tenantId} and id = named.id and expires_at > now()
        offset 0
      ) as kept
    ) as newest
    where before <= ${most.bytes}
    order by created_at desc, id
    limit ${most.answers}`;
}
