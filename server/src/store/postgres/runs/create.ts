import type { NewRun } from "../../runs.ts";
import { sql, type Statement } from "../sql.ts";
import type { RunRow } from "./run-row.ts";

export function createRun(tenantId: string, run: NewRun): Statement<RunRow> {
  return sql`
    insert into slipway.runs (tenant_id, id, agent, agent_version, thread_id)
    values (${tenantId}, ${run.id}, ${run.agent}, ${run.agentVersion}, ${run.threadId})
    returning id, agent, agent_version as "agentVersion", thread_id as "threadId", status, output, error_code as "errorCode", error_message as "errorMessage",
      steps, input_tokens::float8 as input, cached_read_tokens::float8 as "cachedRead",
      cache_write_tokens::float8 as "cacheWrite", output_tokens::float8 as "outputTokens",
      reasoning_tokens::float8 as reasoning, created_at as "createdAt", finished_at as "finishedAt"`;
}
