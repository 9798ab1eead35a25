import { sql, type Statement } from "../sql.ts";
import type { RunRow } from "./run-row.ts";

export function createRun(
  tenantId: string,
  run: { readonly id: string; readonly agent: string; readonly threadId: string },
): Statement<RunRow> {
  return sql`
    insert into slipway.runs (tenant_id, id, agent, thread_id)
    values (${tenantId}, ${run.id}, ${run.agent}, ${run.threadId})
    returning id, agent, thread_id as "threadId", status, output, error_code as "errorCode", error_message as "errorMessage",
      steps, input_tokens::float8 as input, cached_read_tokens::float8 as "cachedRead",
      cache_write_tokens::float8 as "cacheWrite", output_tokens::float8 as "outputTokens",
      reasoning_tokens::float8 as reasoning, created_at as "createdAt", finished_at as "finishedAt"`;
}
