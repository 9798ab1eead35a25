import { z } from "zod";

const nameSchema = z.enum(["file", "stdout", "webhook", "splunk"]);

/** How a sink of audit records is doing. What stands behind `failingSince` is told to the operator's tenant only: it is of all tenants' records. */
export const auditSinkSchema = z.object({
  name: nameSchema,
  /** `working`; `failing`: tried again by itself; `refused`: somebody must see to it; `disabled`: until it is resumed. */
  state: z.enum(["working", "failing", "refused", "disabled"]),
  failingSince: z.string().nullable(),
  /** Where to, without secrets. */
  target: z.string().optional(),
  /** What the last attempt failed with. */
  reason: z.string().nullable().optional(),
  failures: z.number().int().optional(),
  nextTryAt: z.string().nullable().optional(),
  lastDeliveredAt: z.string().nullable().optional(),
  /** Everything up to this position of the audit log has arrived. */
  position: z.number().int().optional(),
  delivered: z.number().int().optional(),
  /** Records that it did not get because too many waited. */
  shed: z.number().int().optional(),
  waiting: z.number().int().optional(),
  oldestWaitingAt: z.string().nullable().optional(),
  /** The process that sends to it; null when none does. */
  holder: z.string().nullable().optional(),
});
export type ApiAuditSink = z.infer<typeof auditSinkSchema>;

/** Answer of `GET /api/v1/audit-sinks`. */
export const auditSinkListSchema = z.object({
  policy: z.enum(["keep", "shed"]),
  sinks: z.array(auditSinkSchema),
});
export type ApiAuditSinkList = z.infer<typeof auditSinkListSchema>;

/** Body of `POST /api/v1/audit-sinks/resume`. */
export const resumeAuditSinkSchema = z.strictObject({ sink: nameSchema });
