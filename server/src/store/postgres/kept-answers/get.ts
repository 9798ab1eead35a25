import type { KeptAnswer } from "../../kept-answers.ts";
import { sql, type Statement } from "../sql.ts";

export function getKeptAnswer(tenantId: string, id: string): Statement<KeptAnswer> {
  return sql`
    select id, previous_id as "previousId", content
    from slipway.kept_answers
    where tenant_id = ${tenantId} and id = ${id} and expires_at > now()`;
}
