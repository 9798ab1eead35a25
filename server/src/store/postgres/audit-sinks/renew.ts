import type { SinkLease } from "../../audit-sinks.ts";
import { sql, type Statement } from "../sql.ts";
import type { ProgressRow } from "./columns.ts";

// A lease that has run out is kept as long as nobody has taken it.
export function renewSink({ sink, fence }: SinkLease, leaseMs: number): Statement<ProgressRow> {
  return sql`
    update slipway.audit_sinks
    set leased_until = now() + ${leaseMs} * interval '1 millisecond'
    where sink = ${sink} and fence = ${fence}
    returning fence::float8, position::float8, sending_to::float8 as "sendingTo", state, reason, failures,
      failing_since as "failingSince", next_try_at as "nextTryAt", last_delivered_at as "lastDeliveredAt",
      delivered::float8, shed::float8`;
}
