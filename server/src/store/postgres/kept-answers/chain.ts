import type { KeptAnswer, MostAnswers } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

/**
 * Walks from the newest answer to the one that none came before, and no further than `most` allows. Contents are read when it is known
 * which: the length of one is told without reading it.
 */
export function keptAnswerChain(tenantId: string, id: string, most: MostAnswers): Statement<KeptAnswer> {
  return sql`
    with recursive chain as (
      select id, previous_id, 1 as depth, octet_length(content)::bigint as bytes
      from slipway.kept_answers
      where tenant_id = ${tenantId} and id = ${id} and expires_at > now()
      union all
      select earlier.id, earlier.previous_id, chain.depth + 1, chain.bytes + octet_length(earlier.content)
      from chain
      join slipway.kept_answers as earlier
        on earlier.tenant_id = ${tenantId} and earlier.id = chain.previous_id and earlier.expires_at > now()
      where chain.depth < ${most.answers} and chain.bytes <= ${most.bytes}
    )
    select id, chain.previous_id as "previousId", kept.content
    from chain
    join slipway.kept_answers as kept using (id)
    where kept.tenant_id = ${tenantId}
    order by chain.depth desc`;
}
