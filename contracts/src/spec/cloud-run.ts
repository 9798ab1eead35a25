import { z } from "zod";
import { labelSchema } from "./quantity.ts";

const accountSchema = z
  .email({ error: "must be a service account such as name@project.iam.gserviceaccount.com" })
  .max(254);

const edgeSchema = z
  .strictObject({
    cdn: z
      .boolean()
      .default(true)
      .describe("Whether what says of itself that it may be kept (the console's files) is kept at the edge"),
    waf: z.boolean().default(true).describe("Whether Cloud Armor stands in front"),
    requestsPerMinute: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(3000)
      .describe("Requests of one address a minute, above which Cloud Armor refuses more"),
  })
  .prefault({});

/** Where Cloud Run's services stand in the project, and who may call and is told. */
export const cloudRunSchema = z.strictObject({
  prefix: labelSchema
    .optional()
    .describe("What the names of everything begin with; absent: the file's name and the environment's"),
  network: labelSchema.default("default").describe("VPC network through which database and Redis are reached"),
  subnet: labelSchema.default("default").describe("Its subnet, of the same name in every region; at least a /26"),
  identities: z
    .record(labelSchema, accountSchema)
    .default({})
    .describe(
      "Service accounts of services, `migrate`, `backup` and `scheduler` that are there already; others are made",
    ),
  invokers: z
    .array(
      z.string().regex(/^(user|group|serviceAccount|domain):[\w.+@-]{3,254}$/, {
        error: "must be a member such as group:team@acme.example",
      }),
    )
    .max(100)
    .default([])
    .describe("Who may call private and internal services, besides the services of the system"),
  edge: edgeSchema.describe("The global load balancer before public services with hosts"),
  notify: z.array(z.email()).max(20).default([]).describe("Addresses that alerts are sent to"),
  billingAccount: z
    .string()
    .regex(/^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/, { error: "must be a billing account such as 01AB23-45CD67-89EF01" })
    .optional()
    .describe("Billing account that `budget` is watched in"),
});
