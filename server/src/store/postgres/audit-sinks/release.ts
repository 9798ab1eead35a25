import type { SinkLease } from "../../audit-sinks.ts";
import { sql, type Statement } from "../sql.ts";

// The fence grows, so that nothing of the old holder's that is still on its way counts.
export function releaseSink({ sink, fence }: SinkLease): Statement<unknown> {
  return sql`
    update slipway.audit_sinks
    set holder = null, leased_until = '-infinity', fence = fence + 1
    where sink = ${sink} and fence = ${fence}`;
}
