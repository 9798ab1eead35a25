import type { AuditRecords } from "../../audit-records.ts";
import { byTenant } from "../by-tenant.ts";
import type { Database } from "../database.ts";
import { appendAuditRecords } from "./append.ts";
import { listAuditRecords } from "./list.ts";

export function createAuditRecords(database: Database): AuditRecords {
  return {
    async append(records) {
      const statements = [...byTenant(records)].map(([tenantId, own]) => ({
        tenantId,
        statement: appendAuditRecords(tenantId, own),
      }));
      await database.asTenants(statements);
    },
    list: (tenantId, limit) => database.asTenant(tenantId, listAuditRecords(tenantId, limit)),
  };
}
