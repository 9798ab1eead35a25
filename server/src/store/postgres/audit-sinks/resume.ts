import { sql, type Statement } from "../sql.ts";

export function resumeSink(sink: string): Statement<{ readonly sink: string }> {
  return sql`
    update slipway.audit_sinks
    set state = 'working', reason = null, failures = 0, failing_since = null, next_try_at = null
    where sink = ${sink}
    returning sink`;
}
