import { sql, type Statement } from "../sql.ts";

/** One row when there was such an agent with one of these hashes; its versions go with it. */
export function removeAgent(
  tenantId: string,
  name: string,
  expectedHashes: readonly string[] | undefined,
): Statement<{ readonly name: string }> {
  const expected = expectedHashes ?? null;
  return sql`
    delete from slipway.agents
    where tenant_id = ${tenantId} and name = ${name}
      and (${expected}::text[] is null or encode(hash, 'hex') = any(${expected}::text[]))
    returning name`;
}
