import type { SinkLease } from "../../audit-sinks.ts";
import { sql, type Statement } from "../sql.ts";

export function advanceSink(
  { sink, fence }: SinkLease,
  done: { readonly position: number; readonly count: number; readonly at: Date },
): Statement<{ readonly sink: string }> {
  return sql`
    update slipway.audit_sinks
    set position = ${done.position}, sending_to = case when sending_to > ${done.position} then sending_to end,
      delivered = delivered + ${done.count}, last_delivered_at = ${done.at},
      state = 'working', reason = null, failures = 0, failing_since = null, next_try_at = null
    where sink = ${sink} and fence = ${fence}
    returning sink`;
}
