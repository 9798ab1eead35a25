import { sql, type Statement } from "../sql.ts";
import type { RunRow } from "./run-row.ts";

export function getRun(tenantId: string, runId: string): Statement<RunRow> {
  return sql`
    select id, agent, agent_version as "agentVersion", thread_id as "threadId", status, output, error_code as "errorCode", error_message as "errorMessage",
      steps, input_tokens::float8 as input, cached_read_tokens::float8 as "cachedRead",
      cache_write_tokens::float8 as "cacheWrite", output_tokens::float8 as "outputTokens",
      reasoning_tokens::float8 as reasoning, created_at as "createdAt", finished_at as "finishedAt"
    from slipway.runs
    where tenant_id = ${tenantId} and id = ${runId}`;
}
