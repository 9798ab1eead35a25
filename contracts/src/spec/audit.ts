import { z } from "zod";

/** How much is recorded: nothing, who did what, also what was asked, also what was answered. */
const auditLevelSchema = z.enum(["none", "metadata", "request", "full"]);

/** The section `audit` of a `slipway.yaml`. */
export const auditSpecSchema = z.strictObject({
  level: auditLevelSchema.optional(),
  /** The first that fits decides. */
  rules: z
    .array(
      z.strictObject({
        /** A tenant's id; its last character may be `*`. */
        tenant: z.string().min(1).max(64).optional(),
        /** A route's pattern, for example `/v1/chat/completions`; its last character may be `*`. */
        route: z.string().min(1).max(200).optional(),
        level: auditLevelSchema,
      }),
    )
    .max(200)
    .default([]),
});
export type AuditSpec = z.output<typeof auditSpecSchema>;
