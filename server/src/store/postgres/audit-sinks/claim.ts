import { sql, type Statement } from "../sql.ts";
import type { ProgressRow } from "./columns.ts";

/** One row when the sink is the holder's now. Of two who claim at once, the second waits for the first and then finds its lease. */
export function claimSink(
  sink: string,
  claim: { readonly target: string; readonly holder: string; readonly leaseMs: number },
): Statement<ProgressRow> {
  return sql`
    insert into slipway.audit_sinks as known (sink, target, holder, fence, leased_until)
    values (${sink}, ${claim.target}, ${claim.holder}, 1, now() + ${claim.leaseMs} * interval '1 millisecond')
    on conflict (sink) do update
    set holder = excluded.holder, fence = known.fence + 1, leased_until = excluded.leased_until, target = excluded.target,
      state = case when known.target = excluded.target then known.state else 'working' end,
      reason = case when known.target = excluded.target then known.reason end,
      failures = case when known.target = excluded.target then known.failures else 0 end,
      failing_since = case when known.target = excluded.target then known.failing_since end,
      next_try_at = case when known.target = excluded.target then known.next_try_at end
    where known.leased_until <= now()
    returning fence::float8, position::float8, sending_to::float8 as "sendingTo", state, reason, failures,
      failing_since as "failingSince", next_try_at as "nextTryAt", last_delivered_at as "lastDeliveredAt",
      delivered::float8, shed::float8`;
}
