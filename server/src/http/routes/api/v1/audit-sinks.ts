import { type ApiAuditSink, type ApiAuditSinkList, resumeAuditSinkSchema } from "@slipway/contracts/api/audit-sinks.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Deliveries, SinkStatus } from "#audit/delivery/deliveries.ts";
import type { SpoolSettings } from "#audit/delivery/spool.ts";
import { type App, type AppServices, auditOf, jsonBody, principalOf } from "../../../app.ts";

/** What every tenant may know: whether the records, theirs among them, are on their way. */
function presentToTenant({ name, state, failingSince }: SinkStatus): ApiAuditSink {
  return { name, state, failingSince: failingSince?.toISOString() ?? null };
}

/** All of it: counts and reasons are of all tenants' records. */
function presentToOperator(status: SinkStatus): ApiAuditSink {
  const { sendingTo: _, nextTryAt, lastDeliveredAt, oldestWaitingAt, ...plain } = status;
  return {
    ...plain,
    ...presentToTenant(status),
    nextTryAt: nextTryAt?.toISOString() ?? null,
    lastDeliveredAt: lastDeliveredAt?.toISOString() ?? null,
    oldestWaitingAt: oldestWaitingAt?.toISOString() ?? null,
  };
}

/** `/api/v1/audit-sinks`: how the sinks of this server are doing. They take the records of all tenants, so their figures, and resuming them, are the operator's. */
export function registerAuditSinks(
  app: App,
  services: AppServices,
  options: {
    readonly deliveries: Deliveries;
    readonly policy: SpoolSettings["policy"];
    readonly operatorTenant: string;
  },
): void {
  const { deliveries, policy, operatorTenant } = options;
  app.get("/api/v1/audit-sinks", { requires: "audit:read" }, async (c) => {
    const { tenantId } = principalOf(c);
    const present = tenantId === operatorTenant ? presentToOperator : presentToTenant;
    const list: ApiAuditSinkList = { policy, sinks: (await deliveries.status()).map(present) };
    return c.json(list);
  });
  const resume = { requires: "tenants:write", body: resumeAuditSinkSchema } as const;
  app.post("/api/v1/audit-sinks/resume", resume, async (c) => {
    const principal = principalOf(c);
    if (principal.tenantId !== operatorTenant) {
      throw new SlipwayError("forbidden", "Audit sinks are resumed by the operator: they belong to the whole server.", {
        hint: "Ask whoever runs the server.",
      });
    }
    const { sink } = await jsonBody(c, resumeAuditSinkSchema);
    if (!(await deliveries.resume(sink))) {
      throw new SlipwayError("not_found", `This server sends to no audit sink \`${sink}\`, or has not yet.`, {
        hint: "GET /api/v1/audit-sinks lists them.",
      });
    }
    auditOf(c, services, principal, "audit_sink.resume", sink);
    return c.body(null, 204);
  });
}
