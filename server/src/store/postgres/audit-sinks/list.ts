import type { SinkReport } from "../../audit-sinks.ts";
import { sql, type Statement } from "../sql.ts";

export function listSinks(): Statement<SinkReport> {
  return sql`
    select sink, target, case when leased_until > now() then holder end as holder, position::float8,
      sending_to::float8 as "sendingTo", state, reason, failures, failing_since as "failingSince",
      next_try_at as "nextTryAt", last_delivered_at as "lastDeliveredAt", delivered::float8, shed::float8
    from slipway.audit_sinks
    order by sink`;
}
