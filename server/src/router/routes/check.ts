import { nearest } from "@slipway/contracts/nearest.ts";
import type { RouteSpec } from "@slipway/contracts/spec/route.ts";
import { providerOf } from "./compile.ts";

/** Something wrong in a list of routes that their schema cannot see. */
export interface RouteProblem {
  /** From the list down: index of the route, field, ... */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestion?: string;
}

/**
 * Names that two routes take, targets whose provider is not configured, and semantic caches where `compares` is false: no
 * embedding model is set for them. With the mock every provider is configured, and answers to equal requests will do.
 */
export function routeProblems(
  specs: readonly RouteSpec[],
  providers: Iterable<string>,
  compares = true,
): readonly RouteProblem[] {
  const names = [...providers];
  const lacking = compares || names.includes("mock") ? [] : withoutModel(specs);
  return [...doubles(specs), ...strangers(specs, names), ...lacking];
}

function withoutModel(specs: readonly RouteSpec[]): readonly RouteProblem[] {
  return specs.flatMap(({ cache }, index) =>
    cache?.semantic
      ? [{ path: [index, "cache", "semantic"], message: "needs an embedding model: SEMANTIC_CACHE_MODEL is not set" }]
      : [],
  );
}

function doubles(specs: readonly RouteSpec[]): readonly RouteProblem[] {
  const problems: RouteProblem[] = [];
  const names = new Set<string>();
  const models = new Map<string, string>();
  for (const [index, { name, models: own }] of specs.entries()) {
    if (names.has(name)) problems.push({ path: [index, "name"], message: `there is another route named ${name}` });
    names.add(name);
    for (const [at, model] of (own ?? [name]).entries()) {
      const other = models.get(model);
      const path = own ? [index, "models", at] : [index, "name"];
      if (other !== undefined && other !== name)
        problems.push({ path, message: `the route ${other} takes ${model} already` });
      models.set(model, name);
    }
  }
  return problems;
}

function strangers(specs: readonly RouteSpec[], providers: readonly string[]): readonly RouteProblem[] {
  if (providers.includes("mock")) return [];
  return specs.flatMap(({ targets, fallback }, index) => {
    const named = [
      ...targets.map(({ target }, at) => ({ target, path: [index, "targets", at, "target"] })),
      ...fallback.map((target, at) => ({ target, path: [index, "fallback", at] })),
    ];
    return named.flatMap(({ target, path }): RouteProblem[] => {
      const provider = providerOf(target);
      if (providers.includes(provider)) return [];
      const close = nearest(provider, providers);
      const message = `the provider ${provider} is not configured here (configured: ${providers.join(", ") || "none"})`;
      return [{ path, message, ...(close === undefined ? {} : { suggestion: close }) }];
    });
  });
}
