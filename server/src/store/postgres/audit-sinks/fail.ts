import type { SinkFailure, SinkLease } from "../../audit-sinks.ts";
import { shortText } from "../values.ts";
import { sql, type Statement } from "../sql.ts";

export function failSink({ sink, fence }: SinkLease, failure: SinkFailure): Statement<{ readonly sink: string }> {
  return sql`
    update slipway.audit_sinks
    set state = ${failure.state}, reason = ${shortText(failure.reason, 500)}, failures = ${failure.failures},
      failing_since = ${failure.failingSince}, next_try_at = ${failure.nextTryAt}
    where sink = ${sink} and fence = ${fence}
    returning sink`;
}
