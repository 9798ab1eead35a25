import { z } from "zod";

const outcome = z.enum(["ok", "denied", "error", "aborted"]);

/** An audit record as a search answers it. */
export const auditRecordSchema = z.object({
  id: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  outcome,
  code: z.string().nullable(),
  /** Micro-dollars, rounded; null when nothing was bought or nobody knows the price. */
  costMicros: z.number().int().nullable(),
  clientIp: z.string().nullable(),
  requestId: z.string(),
  release: z.string(),
  at: z.string(),
  level: z.enum(["metadata", "request", "full"]),
  /** True when what was said is kept: `GET /api/v1/audit-records/<id>/content`. */
  hasContent: z.boolean(),
});
export type AuditRecordAnswer = z.infer<typeof auditRecordSchema>;

/** Answer of `GET /api/v1/audit-records`: newest first. */
export const auditRecordListSchema = z.object({
  records: z.array(auditRecordSchema),
  nextCursor: z.string().nullable(),
});
export type AuditRecordListAnswer = z.infer<typeof auditRecordListSchema>;

/** Answer of `GET /api/v1/audit-key`: with what checkpoints are verified. */
export const auditKeySchema = z.object({
  /** The key as verifiers of signed notes take it. */
  verifierKey: z.string(),
  /** The newest checkpoint, a signed note; null before the first. */
  checkpoint: z.string().nullable(),
});
export type AuditKeyAnswer = z.infer<typeof auditKeySchema>;
