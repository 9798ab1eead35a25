import type { SinkLease } from "../../audit-sinks.ts";
import { sql, type Statement } from "../sql.ts";

export function shedRecords(
  { sink, fence }: SinkLease,
  skipped: { readonly position: number; readonly count: number },
): Statement<{ readonly sink: string }> {
  return sql`
    update slipway.audit_sinks
    set position = ${skipped.position}, sending_to = case when sending_to > ${skipped.position} then sending_to end,
      shed = shed + ${skipped.count}
    where sink = ${sink} and fence = ${fence} and position < ${skipped.position}
    returning sink`;
}
