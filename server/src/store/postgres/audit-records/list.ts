import type { AuditRecord } from "../../audit-records.ts";
import { sql, type Statement } from "../sql.ts";

export function listAuditRecords(tenantId: string, limit: number): Statement<AuditRecord> {
  return sql`
    select id, tenant_id as "tenantId", actor, action, target, outcome, code, cost_pico::float8 as cost,
      client_ip as "clientIp", level, request_id as "requestId", release, at
    from slipway.audit_records
    where tenant_id = ${tenantId}
    order by at desc, id desc
    limit ${limit}`;
}
