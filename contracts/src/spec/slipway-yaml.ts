import { z } from "zod";
import { limitSpecSchema } from "./limit.ts";
import { auditSpecSchema } from "./audit.ts";
import { identitySpecSchema } from "./identity.ts";
import { routeSpecSchema } from "./route.ts";

/** What a `slipway.yaml` may say. */
export const slipwayYamlSchema = z.strictObject({
  audit: auditSpecSchema.optional(),
  identity: identitySpecSchema.default({ issuers: [] }),
  routes: z.array(routeSpecSchema).max(500).default([]),
  limits: z.array(limitSpecSchema).max(200).default([]),
});
export type SlipwayYaml = z.output<typeof slipwayYamlSchema>;
