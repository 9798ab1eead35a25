import { z } from "zod";

/** An image. */
export const imageSchema = z
  .string()
  .max(400)
  .regex(/^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9._-]+)+(:[\w.-]{1,128})?(@sha256:[0-9a-f]{64})?$/, {
    error: "must be an image with its registry, best by digest: registry.example/name@sha256:…",
  });

/** Images; all but `app` have a default where a target may run an image by its tag. */
export const imagesSchema = z.strictObject({
  app: imageSchema.optional().describe("The server"),
  postgres: imageSchema.optional().describe("PostgreSQL: the database in Compose, `pg_dump` of backups"),
  rclone: imageSchema.optional().describe("rclone, which brings backups to object storage"),
  collector: imageSchema
    .optional()
    .describe("Google's Prometheus sidecar for Cloud Run, which brings the server's own metrics to Cloud Monitoring"),
  redis: imageSchema.optional().describe("Redis in Compose"),
  haproxy: imageSchema.optional().describe("HAProxy in Compose"),
});
export type ImagesSpec = z.output<typeof imagesSchema>;
