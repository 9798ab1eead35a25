import { buildRouteMap } from "@stricli/core";
import { exportCommand } from "./audit/export.ts";
import { search, tail } from "./audit/search.ts";
import { verify } from "./audit/verify.ts";

/** `slipway audit …` */
export const audit = buildRouteMap({
  routes: { export: exportCommand, verify, search, tail },
  docs: { brief: "Read, export and verify the audit log" },
});
