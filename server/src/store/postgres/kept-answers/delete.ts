import { sql, type Statement } from "../sql.ts";

export function deleteKeptAnswer(tenantId: string, id: string): Statement<{ readonly id: string }> {
  return sql`
    delete from slipway.kept_answers
    where tenant_id = ${tenantId} and id = ${id}
    returning id`;
}
