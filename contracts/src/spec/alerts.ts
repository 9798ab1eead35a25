import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { percentSchema } from "./quantity.ts";

/** When people are told. */
export const alertsSchema = z.strictObject({
  errorRate: z
    .strictObject({
      above: percentSchema.default(1).describe("Per cent of 5xx answers"),
      for: durationSchema.default("5m").describe("For so long"),
    })
    .prefault({})
    .describe("Errors"),
  p95: z
    .strictObject({
      above: durationSchema.default("2s").describe("95th percentile of the time to the last byte"),
      for: durationSchema.default("5m").describe("For so long"),
    })
    .prefault({})
    .describe("Slow answers"),
  downtime: z
    .strictObject({ for: durationSchema.default("2m").describe("For so long") })
    .prefault({})
    .describe("No instance answers"),
  startChurn: z
    .strictObject({
      restarts: z.int().min(1).max(1000).default(3).describe("Starts of one container"),
      within: durationSchema.default("15m").describe("Within so long"),
    })
    .prefault({})
    .describe("Containers that start again and again"),
  availability: z
    .number()
    .min(90)
    .max(99.999)
    .default(99.9)
    .describe("Objective in per cent of good answers over 30 days; alerts tell how fast its error budget burns"),
  runbook: z.url().optional().describe("Page that alerts lead to"),
});
export type AlertsSpec = z.output<typeof alertsSchema>;
