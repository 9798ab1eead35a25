import type { KeptAnswer } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

/** Walks from the newest answer to the one that none came before, and no further than `most` steps. */
export function keptAnswerChain(tenantId: string, id: string, most: number): Statement<KeptAnswer> {
  return sql`
    with recursive chain as (
      select id, previous_id, content, 1 as depth
      from slipway.kept_answers
      where tenant_id = ${tenantId} and id = ${id} and expires_at > now()
      union all
      select earlier.id, earlier.previous_id, earlier.content, chain.depth + 1
      from chain
      join slipway.kept_answers as earlier
        on earlier.tenant_id = ${tenantId} and earlier.id = chain.previous_id and earlier.expires_at > now()
      where chain.depth < ${most}
    )
    select id, previous_id as "previousId", content
    from chain
    order by depth desc`;
}
