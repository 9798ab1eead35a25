import { z } from "zod";
import { labelSchema, memorySchema } from "./quantity.ts";

const networkSchema = z.cidrv4({ error: "must be a network such as 10.20.0.0/24" });

const backupsSchema = z.strictObject({
  schedule: z
    .string()
    .regex(/^(\S+ ){4}\S+$/, { error: "must be five fields of cron, such as 15 2 * * *" })
    .default("15 2 * * *")
    .describe("When, as cron's five fields, in UTC"),
  keepDays: z
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe("Days for which the bucket's lifecycle rule should keep a backup"),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, { error: "must be the name of a bucket, without a scheme" })
    .describe("Bucket (Azure: container) that backups go to"),
  pointInTime: z
    .boolean()
    .default(true)
    .describe("Whether a managed database keeps its log for recovery to a point in time"),
});

const postgresSchema = z.strictObject({
  version: z.enum(["15", "16", "17", "18"]).default("17").describe("Major version"),
  storage: memorySchema.default("20Gi").describe("Size of its disk, and of the room that a dump may take"),
  replicas: z.int().min(0).max(15).default(0).describe("Read replicas"),
  highAvailability: z.boolean().default(false).describe("A standby in another zone"),
  port: z.int().min(1).max(65_535).default(5432).describe("Port"),
  network: networkSchema.optional().describe("Network that it is reached in; absent: any private address (RFC 1918)"),
  maxConnections: z
    .int()
    .min(10)
    .max(10_000)
    .default(200)
    .describe("Connections that it takes; pools of all instances must fit"),
  login: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: "must be the name of a role" })
    .default("slipway_server")
    .describe("The server's login, which owns nothing; migrations grant it what it needs"),
  poolSize: z.int().min(1).max(500).default(10).describe("Connections of one instance"),
  backups: backupsSchema.optional().describe("Daily dumps to object storage"),
});

const redisSchema = z.strictObject({
  memory: memorySchema.default("1Gi").describe("Memory"),
  highAvailability: z.boolean().default(false).describe("A replica that takes over"),
  port: z.int().min(1).max(65_535).default(6379).describe("Port"),
  network: networkSchema.optional().describe("Network that it is reached in; absent: any private address (RFC 1918)"),
  snapshots: z.boolean().default(true).describe("Whether a managed Redis keeps snapshots"),
});

const objectsSchema = z.strictObject({
  bucket: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/, {
      error: "must be the name of a bucket, without a scheme",
    })
    .describe("Bucket (Azure: container) for files"),
  versioning: z.boolean().default(true).describe("Whether older versions are kept"),
});

const attributeSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, {
  error: "must be the name of an attribute",
});

const tableSchema = z.strictObject({
  key: attributeSchema.default("id").describe("Attribute that items are found by, a text"),
  sort: attributeSchema.optional().describe("Attribute that items of one key are sorted by, a text"),
  expires: attributeSchema.optional().describe("Attribute with the second after which an item is deleted"),
});

/** Where data lies. */
export const dataSchema = z.strictObject({
  postgres: postgresSchema.optional().describe("PostgreSQL; its address is the secret `DATABASE_URL`"),
  redis: redisSchema.optional().describe("Redis; its address is the secret `REDIS_URL`"),
  objects: objectsSchema.optional().describe("Object storage"),
  tables: z
    .record(labelSchema, tableSchema)
    .optional()
    .describe(
      "DynamoDB tables of agents, for `ecs` and `lambda`, called `SYSTEM-ENVIRONMENT-NAME`; the server itself keeps nothing there",
    ),
});
export type DataSpec = z.output<typeof dataSchema>;
