import type { KeptAnswer, MostAnswers } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

/**
 * Walks from the newest answer to the one that none came before, and no further than `most` allows. Contents are read when it is known
 * which: the length of one is told without reading it. Answers are looked up one by one (`offset 0`): joined, a planner that knows nothing
 * of the tenant reads all that it has.
 */
export function keptAnswerChain(tenantId: string, id: string, most: MostAnswers): Statement<KeptAnswer> {
  return sql`
    with recursive chain as (
      select id, previous_id, 1 as depth, octet_length(content)::bigint as bytes
      from slipway.kept_answers
      where tenant_id = ${tenantId} and id = ${id} and expires_at > now()
      union all
      select earlier.id, earlier.previous_id, chain.depth + 1, chain.bytes + earlier.bytes
      from chain
      cross join lateral (
        select id, previous_id, octet_length(content) as bytes
        from slipway.kept_answers
        where tenant_id = ${tenantId} and id = chain.previous_id and expires_at > now()
        offset 0
      ) as earlier
      where chain.depth < ${most.answers} and chain.bytes <= ${most.bytes}
    )
    select chain.id, chain.previous_id as "previousId", kept.content
    from chain
    cross join lateral (
      select content from slipway.kept_answers where tenant_id = ${tenantId} and id = chain.id offset 0
    ) as kept
    order by chain.depth desc`;
}
