import type { RouteSpec } from "@slipway/contracts/spec/route.ts";
import { isMap } from "#spec/merge.ts";
import type { Spec } from "#spec/spec.ts";
import { ASSUMED, type Case, MONTH_DAYS } from "./assumptions.ts";
import { type CostLine, unknownLine } from "./estimate.ts";

/** What a million tokens cost, in micro-dollars. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
}

/** Prices of models by provider and model; undefined for one that nobody knows. */
export type TokenPrices = (provider: string, model: string) => TokenPrice | undefined;

/**
 * What models cost, a line for each route; requests are taken to be spread evenly over them. Low is the cheapest target with short
 * prompts, high the dearest with long ones, expected the first. Fallbacks are not counted: they answer when targets do not.
 */
export function modelLines({ server }: Spec, requestsPerDay: number, prices: TokenPrices): readonly CostLine[] {
  const routes = routesOf(server["routes"]);
  if (routes.length === 0) return [unknownLine("models", "the spec has no routes, so clients choose")];
  const requests = (requestsPerDay * MONTH_DAYS) / routes.length;
  return routes.map(({ name, targets }) => {
    const what = `route ${name}`;
    const found = targets.map(({ target }) => ({ target, price: priced(target, prices) }));
    const missing = found.filter(({ price }) => price === undefined).map(({ target }) => target);
    if (missing.length > 0) return unknownLine(what, `no price of ${missing.join(", ")} is known`);
    const known = found.flatMap(({ price }) => price ?? []);
    const month = (which: Case): readonly number[] => known.map((price) => Math.round(requests * costOf(price, which)));
    const [low, high] = [Math.min(...month("low")), Math.max(...month("high"))];
    return { what, amounts: { low, expected: month("expected")[0] ?? 0, high }, price: "models" };
  });
}

/** Micro-dollars of one request, as a fraction. */
function costOf({ input, output }: TokenPrice, which: Case): number {
  return (input * ASSUMED.inputTokens[which] + output * ASSUMED.outputTokens[which]) / 1e6;
}

function routesOf(value: unknown): readonly RouteSpec[] {
  if (!Array.isArray(value)) return [];
  // They come out of the spec's own schema.
  return value.filter((route): route is RouteSpec => isMap(route) && Array.isArray(route["targets"]));
}

function priced(target: string, prices: TokenPrices): TokenPrice | undefined {
  const slash = target.indexOf("/");
  const model = target.slice(slash + 1);
  return model.includes("*") ? undefined : prices(target.slice(0, slash), model);
}
