import { z } from "zod";
import { routeSpecSchema } from "../spec/route.ts";

/** Body of `PUT /api/v1/routes/{name}`: the route without its name, which is in the path. */
export const putRouteSchema = routeSpecSchema.omit({ name: true });

/** A route in force for the tenant. */
export const routeSchema = z.object({
  ...routeSpecSchema.shape,
  /** `file`: of the server's `slipway.yaml`, for every tenant; `api`: the tenant's own, which comes first. */
  source: z.enum(["file", "api"]),
  createdAt: z.string().nullable(),
  updatedAt: z.string().nullable(),
});
export type ApiRoute = z.infer<typeof routeSchema>;

/** Answer of `GET /api/v1/routes`. */
export const routeListSchema = z.object({
  /** The version of the routes that this server has in force; null when none is configured. */
  version: z.string().nullable(),
  routes: z.array(routeSchema),
});
export type ApiRouteList = z.infer<typeof routeListSchema>;
