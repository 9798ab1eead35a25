import type { AuditRecords } from "../../audit-records.ts";
import type { Database } from "../database.ts";
import { appendAuditRecords, auditRecordLine } from "./append.ts";
import { auditContent } from "./content.ts";
import { inPieces } from "./in-pieces.ts";
import { listAuditRecords } from "./list.ts";
import { auditLog, lastPosition, positionsAfter } from "./log.ts";
import { searchAuditRecords } from "./search.ts";

export function createAuditRecords(database: Database): AuditRecords {
  return {
    line: auditRecordLine,
    async write(lines) {
      for (const some of inPieces(lines)) await database.call(appendAuditRecords(some));
    },
    list: (tenantId, limit) => database.asTenant(tenantId, listAuditRecords(tenantId, limit)),
    search: (tenantId, search) => database.asTenant(tenantId, searchAuditRecords(tenantId, search)),
    async content(tenantId, id) {
      const [row] = await database.asTenant(tenantId, auditContent(tenantId, id));
      return row?.content;
    },
    log: (tenantId, after, upTo) => database.asTenant(tenantId, auditLog(tenantId, after, upTo)),
    async sequenced(after, limit) {
      // Who comes next is asked across tenants; what the records say, of each tenant under its own name.
      const spans = await database.asDirectory(positionsAfter(after, limit));
      const pages = await database.asTenants(
        spans.map(({ tenantId, first, last }) => ({ tenantId, statement: auditLog(tenantId, first - 1, last) })),
      );
      return pages.flat().toSorted((a, b) => a.position - b.position);
    },
    async lastPosition() {
      const [row] = await database.asDirectory(lastPosition());
      return row?.position ?? 0;
    },
  };
}
