import { z } from "zod";
import { limitSpecSchema } from "../spec/limit.ts";

/** A limit in force for the tenant. */
export const limitSchema = z.object({
  ...limitSpecSchema.shape,
  /** `file`: of the server's `slipway.yaml`; `api`: the tenant's own. Both hold. */
  source: z.enum(["file", "api"]),
  createdAt: z.string().nullable(),
  updatedAt: z.string().nullable(),
});
export type ApiLimit = z.infer<typeof limitSchema>;

/** Answer of `GET /api/v1/limits`. */
export const limitListSchema = z.object({
  /** The version of the limits that this server has in force. */
  version: z.string(),
  limits: z.array(limitSchema),
});
export type ApiLimitList = z.infer<typeof limitListSchema>;
