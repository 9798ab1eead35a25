import type { PriceOverride, PriceOverrides } from "@slipway/contracts/prices.ts";
import { type ModelPrice, perToken, picoDollars, type Rates } from "./model-price.ts";

function ratesOf(override: Omit<PriceOverride, "tiers">, above: number): Rates {
  const { input, output, cachedRead = input, cacheWrite = input, reasoning = output, request = 0 } = override;
  const { cacheWrite1h = cacheWrite } = override;
  return {
    above,
    input: perToken(input),
    cachedRead: perToken(cachedRead),
    cacheWrite: perToken(cacheWrite),
    cacheWrite1h: perToken(cacheWrite1h),
    output: perToken(output),
    reasoning: perToken(reasoning),
    request: picoDollars(request),
  };
}

function compile(override: PriceOverride): ModelPrice {
  const tiers = (override.tiers ?? []).map((tier) => ratesOf(tier, tier.above));
  return [ratesOf(override, -1), ...tiers.toSorted((a, b) => a.above - b.above)];
}

interface ProviderOverrides {
  readonly exact: ReadonlyMap<string, ModelPrice>;
  /** Beginnings of names, the longest first. */
  readonly prefixes: readonly (readonly [prefix: string, price: ModelPrice])[];
}

function compileProvider(models: PriceOverrides[string]): ProviderOverrides {
  const exact = new Map<string, ModelPrice>();
  const prefixes: (readonly [string, ModelPrice])[] = [];
  for (const [name, override] of Object.entries(models)) {
    if (name.endsWith("*")) prefixes.push([name.slice(0, -1), compile(override)]);
    else exact.set(name, compile(override));
  }
  return { exact, prefixes: prefixes.toSorted(([a], [b]) => b.length - a.length) };
}

/** Finds the override of a provider's model, if there is one. Pure. */
export function compileOverrides(
  overrides: PriceOverrides,
): (provider: string, model: string) => ModelPrice | undefined {
  const providers = new Map(Object.entries(overrides).map(([name, models]) => [name, compileProvider(models)]));
  return (provider, model) => {
    const found = providers.get(provider);
    return found?.exact.get(model) ?? found?.prefixes.find(([prefix]) => model.startsWith(prefix))?.[1];
  };
}
