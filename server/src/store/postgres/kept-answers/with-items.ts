import type { KeptAnswer } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

export function keptAnswersWithItems(
  tenantId: string,
  itemIds: readonly string[],
  most: number,
): Statement<KeptAnswer> {
  return sql`
    select id, previous_id as "previousId", content
    from slipway.kept_answers
    where tenant_id = ${tenantId} and item_ids && ${itemIds}::text[] and expires_at > now()
    order by created_at desc
    limit ${most}`;
}
