import { z } from "zod";
import { alertsSchema } from "./alerts.ts";
import { auditSpecSchema } from "./audit.ts";
import { identitySpecSchema } from "./identity.ts";
import { dataSchema } from "./data.ts";
import { environmentSchema } from "./environment.ts";
import { imagesSchema } from "./images.ts";
import { limitSpecSchema } from "./limit.ts";
import { pipelineSchema } from "./pipeline.ts";
import { labelSchema, variableSchema } from "./quantity.ts";
import { routeSpecSchema } from "./route.ts";
import { secretReferenceSchema } from "./secret.ts";
import { servicesSchema } from "./service.ts";

/** What says how a system is deployed. The server does not look at it. */
const deployment = {
  name: labelSchema.optional().describe("The system; what is made for it is called after it"),
  images: imagesSchema.optional().describe("Images that run"),
  services: servicesSchema.optional().describe("What runs, by name"),
  data: dataSchema.optional().describe("Where data lies"),
  env: z
    .record(variableSchema, z.string().max(4096))
    .optional()
    .describe("Settings of all services, see settings.md; no secrets"),
  secrets: z
    .record(variableSchema, secretReferenceSchema)
    .optional()
    .describe("Where each secret lies, by variable; never its value"),
  environments: z.record(labelSchema, environmentSchema).optional().describe("Where it runs, by name"),
  alerts: alertsSchema.optional().describe("When people are told"),
  pipeline: pipelineSchema.optional().describe("How commits come to environments, see rendering.md"),
};

/** What the server reads. */
const server = {
  audit: auditSpecSchema.optional().describe("What is kept of whom, see audit.md"),
  identity: identitySpecSchema.default({ issuers: [] }).describe("Whose tokens are accepted, see authentication.md"),
  routes: z.array(routeSpecSchema).max(500).default([]).describe("Where model names lead, see routes.md"),
  limits: z.array(limitSpecSchema).max(200).default([]).describe("What may be used, by whom, see limits.md"),
};

/** What a `slipway.yaml` may say: one file for the server and for the control plane. */
export const slipwayYamlSchema = z.strictObject({ ...deployment, ...server });
export type SlipwayYaml = z.output<typeof slipwayYamlSchema>;

/** The sections of a file that the server reads. */
export function serverSections(file: SlipwayYaml): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(file).filter(([section]) => Object.hasOwn(server, section)));
}
