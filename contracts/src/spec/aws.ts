import { z } from "zod";
import { regionSchema } from "./quantity.ts";

/** A resource's id as EC2 gives them: a short name, a dash, hexadecimal digits. */
function idSchema(kind: string) {
  return z.string().regex(new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`), {
    error: `must be an id such as ${kind}-0a1b2c3d4e5f67890`,
  });
}

/** Subnets in two zones at least: load balancers and databases take no fewer. */
const subnetsSchema = z.array(idSchema("subnet")).min(2).max(16);

const networkSchema = z.strictObject({
  vpc: idSchema("vpc").describe("VPC; its private subnets reach the internet by NAT"),
  privateSubnets: subnetsSchema.describe("Subnets of tasks, functions and databases, in two zones at least"),
  publicSubnets: subnetsSchema.optional().describe("Subnets of the public load balancer, in two zones at least"),
  certificate: z
    .string()
    .regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}$/, {
      error: "must be the ARN of a certificate of ACM",
    })
    .optional()
    .describe("Certificate of the hosts of public services"),
});

/** Days for which CloudWatch Logs can keep lines (PutRetentionPolicy). */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** What the targets on AWS need to know besides the rest of an environment. */
export const awsSchema = z.strictObject({
  networks: z.record(regionSchema, networkSchema).describe("The network that it runs in, for each region"),
  architecture: z.enum(["x86_64", "arm64"]).default("x86_64").describe("Processors that the image is built for"),
  data: z
    .enum(["existing", "managed"])
    .default("existing")
    .describe(
      "`managed`: RDS, ElastiCache, the bucket and the tables are made as `data` says; `existing`: they are there",
    ),
  databaseClass: z
    .string()
    .regex(/^db\.[a-z0-9]+\.[a-z0-9]+$/, { error: "must be a class of RDS such as db.t4g.medium" })
    .default("db.t4g.medium")
    .describe("For `data: managed`: class of the database's instances"),
  streaming: z
    .boolean()
    .default(false)
    .describe(
      "For `lambda`: a REST API that streams answers, for up to 15 minutes, instead of an HTTP API (whole answers, 29 s)",
    ),
  waf: z.boolean().default(false).describe("For `ecs`: a web ACL in front of the public load balancer"),
  hostedZone: z
    .string()
    .regex(/^Z[0-9A-Z]{1,31}$/, { error: "must be the id of a hosted zone of Route 53" })
    .optional()
    .describe(
      "Hosted zone in which the hosts of public services are written, by latency where there are several regions",
    ),
  alarmEmails: z.array(z.email()).max(20).default([]).describe("Who gets alarms and budget notices by mail"),
  logDays: z
    .int()
    .refine((days) => LOG_DAYS.includes(days), { error: `must be one of ${LOG_DAYS.join(", ")}` })
    .default(30)
    .describe("Days for which logs are kept"),
  secretsKey: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[0-9a-zA-Z-]{1,64}$/, {
      error: "must be the ARN of a key of KMS",
    })
    .optional()
    .describe("Key of one's own that the secrets are encrypted by; absent: `aws/secretsmanager`"),
});
export type AwsSpec = z.output<typeof awsSchema>;
export type AwsNetwork = z.output<typeof networkSchema>;
