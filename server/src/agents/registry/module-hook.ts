import { registerHooks } from "node:module";

/** The query that makes a module another one for the loader; its value counts the loads. */
export const RELOAD_PARAMETER = "slipway-load";

const AGENT_MODULE = import.meta.resolve("@slipway/contracts/agent.ts");
const roots = new Set<string>();
let installed = false;

function rootOf(url: string): string | undefined {
  for (const root of roots) if (url.startsWith(root)) return root;
  return undefined;
}

/**
 * Lets the modules below an agents folder import `slipway/agent` wherever the folder lies, always as this server's own, so that
 * there is one zod; and hands the reload query of an agent's file on to the files it imports from the folder, so that a change
 * in any of them is seen. `rootUrl` ends in a slash.
 */
export function installModuleHook(rootUrl: string): void {
  roots.add(rootUrl);
  if (installed) return;
  installed = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const root = context.parentURL === undefined ? undefined : rootOf(context.parentURL);
      if (root === undefined || context.parentURL === undefined) return nextResolve(specifier, context);
      if (specifier === "slipway/agent") return { url: AGENT_MODULE, shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      const load = new URL(context.parentURL).searchParams.get(RELOAD_PARAMETER);
      const ours = resolved.url.startsWith(root) && !resolved.url.includes("/node_modules/");
      if (load === null || !ours || resolved.url.includes("?")) return resolved;
      return { ...resolved, url: `${resolved.url}?${RELOAD_PARAMETER}=${load}` };
    },
  });
}
