import type { Provider } from "#providers/provider.ts";
import { DEFAULT_POLICY } from "../attempts/policy.ts";
import type { TargetStates } from "../attempts/target-state.ts";
import { resolveTarget } from "../resolve.ts";
import type { Route, RouteTarget, Strategy } from "./route.ts";

/** For pools of one target: there is nothing to choose. */
const FIRST_OPEN: Strategy = {
  pick(targets, open) {
    const target = targets[31 - Math.clz32(open & -open)];
    if (!target) throw new Error("no target is open");
    return target;
  },
};

/**
 * The route of a model name that nobody configured: the one target that the name itself leads to.
 * Throws `provider_not_configured` or `model_not_found`.
 */
export function implicitRoute(
  model: string,
  providers: ReadonlyMap<string, Provider>,
  states: TargetStates,
  version: string | null,
): Route {
  const { provider, model: name } = resolveTarget(model, providers);
  const only: RouteTarget = {
    provider,
    model: name,
    routesVersion: version,
    weight: 1,
    priority: 0,
    price: undefined,
    state: states.of(provider, name),
    counts: states.provider(provider).counts,
  };
  const asked = { provider: provider.name, model: name };
  const pools = [{ targets: [only], strategy: FIRST_OPEN }];
  return { name: model, pools, only, policy: DEFAULT_POLICY, learns: false, cache: undefined, asked, version };
}
