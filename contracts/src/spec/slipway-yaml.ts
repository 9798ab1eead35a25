import { z } from "zod";
import { routeSpecSchema } from "./route.ts";

/** What a `slipway.yaml` may say. */
export const slipwayYamlSchema = z.strictObject({
  routes: z.array(routeSpecSchema).max(500).default([]),
});
export type SlipwayYaml = z.output<typeof slipwayYamlSchema>;
