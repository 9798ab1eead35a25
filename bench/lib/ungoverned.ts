import { registerHooks } from "node:module";

/*
 * Loaded before the server, takes out of it what governs requests: admission, limits, budgets, usage ledger and audit. Keys are still
 * checked, and requests still routed, metered and logged. For `bench governance`, which measures the difference.
 */

/** What stands in for a module, by the end of its path. */
const INSTEAD: Readonly<Record<string, string>> = {
  "/server/src/http/edge/admission.ts": `
    const LEASE = { settle() {} };
    export const createAdmit = () => () => LEASE;
    export const stillThere = async (_res, lease) => lease;`,
  "/server/src/http/edge/govern.ts": `
    export const createGovern = () => ({ call() {}, embed() {}, run() {} });`,
  "/server/src/audit/audit.ts": `
    export const createRecordAudit = () => () => false;
    export const recorded = async () => {};`,
  "/server/src/router/booking.ts": `
    export const bookUsage = () => {};
    export const bookFailure = () => {};`,
};

let replaced = 0;

registerHooks({
  load(url, context, next) {
    const source = Object.entries(INSTEAD).find(([path]) => url.endsWith(path))?.[1];
    if (source === undefined) return next(url, context);
    replaced += 1;
    // Said so that a module that has moved is not measured as if it were taken out.
    process.stderr.write(`ungoverned: ${replaced} of ${Object.keys(INSTEAD).length}\n`);
    return { format: "module", source, shortCircuit: true };
  },
});
