import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { cpuSchema, labelSchema, memorySchema, percentSchema, variableSchema } from "./quantity.ts";

/** The parts of the server that can run apart. */
const ROLES = ["router", "memory", "agents", "worker", "console"] as const;

const scaleSchema = z
  .strictObject({
    min: z
      .int()
      .min(0)
      .max(1000)
      .default(1)
      .describe("Instances that always run; 0 only where the target can start from none"),
    max: z
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe("Instances at most; more than 1 needs `data.redis`, which keeps limits exact"),
    cpu: percentSchema.default(70).describe("Per cent of the requested CPU above which instances are added"),
    memory: percentSchema.default(80).describe("Per cent of the requested memory above which instances are added"),
  })
  .refine(({ min, max }) => min <= max, { error: "must have a max that is not below its min", path: ["max"] });

function probe(path: string, period: string, failures: number) {
  return z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[\w./-]{0,199}$/, { error: "must be a path such as /health" })
        .default(path)
        .describe("What is asked"),
      period: durationSchema.default(period).describe("Time between two questions"),
      timeout: durationSchema.default("3s").describe("Time for one answer"),
      failures: z.int().min(1).max(600).default(failures).describe("Failures in a row that count"),
    })
    .prefault({});
}

const probesSchema = z
  .strictObject({
    startup: probe("/health", "2s", 60).describe("Until it succeeds, the others wait: a slow start is no failure"),
    liveness: probe("/health", "10s", 6).describe(
      "Whether the process must be started again; asks nothing of other systems",
    ),
    readiness: probe("/ready", "5s", 3).describe("Whether requests may come: database reached, migrations applied"),
  })
  .prefault({});

const accessSchema = z
  .strictObject({
    kind: z
      .enum(["public", "private", "internal"])
      .default("private")
      .describe(
        "`public`: anyone may connect; `private`: callers with an identity of the platform; `internal`: the same network only",
      ),
    hosts: z
      .array(z.hostname({ error: "must be a host name" }).max(253).toLowerCase())
      .max(20)
      .default([])
      .describe("Host names that lead here, for `public`"),
  })
  .refine(({ kind, hosts }) => kind === "public" || hosts.length === 0, {
    error: "may name hosts for `kind: public` only",
    path: ["hosts"],
  })
  .prefault({});

/** One service: some roles of the server as instances that scale together. */
export const serviceSchema = z.strictObject({
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length).describe("Parts of the server that run in it"),
  port: z.int().min(1024).max(65_535).default(8080).describe("Port that it listens on; `PORT` of the platform wins"),
  cpu: cpuSchema.default(1).describe("Cores of an instance"),
  memory: memorySchema.default("512Mi").describe("Memory of an instance"),
  scale: scaleSchema.prefault({}).describe("How many instances run"),
  concurrency: z.int().min(1).max(100_000).default(1000).describe("Requests that one instance answers at once"),
  timeout: durationSchema.default("300s").describe("Of a whole request, answer included"),
  drain: durationSchema.default("25s").describe("For running requests when an instance ends"),
  access: accessSchema.describe("Who may connect"),
  probes: probesSchema.describe("How the platform asks an instance how it is"),
  env: z
    .record(variableSchema, z.string().max(4096))
    .default({})
    .describe("Settings of this service, see settings.md; no secrets"),
  secrets: z
    .array(variableSchema)
    .max(100)
    .optional()
    .describe("Names out of `secrets` that it gets; absent: all but those of `MIGRATION_` and `BACKUP_`"),
});

/** All services by name. */
export const servicesSchema = z.record(labelSchema, serviceSchema);
export type ServiceSpec = z.output<typeof serviceSchema>;
