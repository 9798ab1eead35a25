import type { SinkLease } from "../../audit-sinks.ts";
import { sql, type Statement } from "../sql.ts";

export function beginSending({ sink, fence }: SinkLease, sendingTo: number): Statement<{ readonly sink: string }> {
  return sql`
    update slipway.audit_sinks
    set sending_to = ${sendingTo}
    where sink = ${sink} and fence = ${fence}
    returning sink`;
}
