import { rm } from "node:fs/promises";
import { join } from "node:path";
import { bundleServer } from "../../tools/bundle/server.ts";

/** What stands in for a module, whose path is the key. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  [
    "server/src/http/edge/admission.ts",
    `
    const LEASE = { settle() {} };
    export const createAdmit = () => () => LEASE;
    export const stillThere = async (_res, lease) => lease;`,
  ],
  [
    "server/src/http/edge/govern.ts",
    `
    export const createGovern = () => ({ call() {}, embed() {}, run() {} });`,
  ],
  [
    "server/src/audit/audit.ts",
    `
    export const createRecordAudit = () => () => false;
    export const recorded = async () => {};`,
  ],
  [
    "server/src/router/booking.ts",
    `
    export const bookUsage = () => {};
    export const bookFailure = () => {};
    export const maybeBilled = () => false;`,
  ],
]);

/**
 * Bundles the server without what governs requests: admission, limits, budgets, usage ledger and audit; its first file. Keys are still
 * checked, and requests still routed, metered and logged. For `bench governance`, which measures the difference. Throws when one of the
 * modules is not where it was: it would be measured as if it were taken out.
 */
export async function ungovernedServer(): Promise<string> {
  const folder = join(import.meta.dirname, "../../.cache/bench/ungoverned");
  await rm(folder, { recursive: true, force: true });
  await bundleServer(folder, INSTEAD);
  return join(folder, "main.mjs");
}
