import type { KeptAnswer, MostAnswers } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

export function keptAnswersWithItems(
  tenantId: string,
  itemIds: readonly string[],
  most: MostAnswers,
): Statement<KeptAnswer> {
  return sql`
    select id, previous_id as "previousId", content
    from (
      select id, previous_id, content, created_at,
        sum(octet_length(content)) over (order by created_at desc, id rows unbounded preceding) - octet_length(content) as before
      from slipway.kept_answers
      where tenant_id = ${tenantId} and item_ids && ${itemIds}::text[] and expires_at > now()
    ) as newest
    where before <= ${most.bytes}
    order by created_at desc, id
    limit ${most.answers}`;
}
