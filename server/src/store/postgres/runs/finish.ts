import type { RunEnd } from "../../runs.ts";
import { count, shortText } from "../values.ts";
import { sql, type Statement } from "../sql.ts";

export function finishRun(tenantId: string, runId: string, end: RunEnd): Statement<unknown> {
  const { usage } = end;
  return sql`
    update slipway.runs
    set status = ${end.status}, output = ${end.output}, error_code = ${end.error && shortText(end.error.code, 100)},
      error_message = ${end.error && shortText(end.error.message, 2000)}, steps = ${count(end.steps)},
      input_tokens = ${count(usage.input)}, cached_read_tokens = ${count(usage.cachedRead)},
      cache_write_tokens = ${count(usage.cacheWrite)}, output_tokens = ${count(usage.output)},
      reasoning_tokens = ${count(usage.reasoning)}, finished_at = now()
    where tenant_id = ${tenantId} and id = ${runId} and status = 'running'`;
}
