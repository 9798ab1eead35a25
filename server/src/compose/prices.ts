import type { Config } from "#config/config.ts";
import type { Provider } from "#providers/provider.ts";
import { createPriceTable, NO_CATALOGUE, type PriceTable } from "#router/price/price-table.ts";

/** The prices of the configured providers. The catalogue is loaded when somebody costs something. */
export async function composePrices(config: Config, providers: Iterable<Provider>): Promise<PriceTable> {
  const { openai, anthropic, google, openaiCompatible } = config.providers;
  const settings = { openai, anthropic, google, "openai-compatible": openaiCompatible };
  const baseUrls = new Map(Object.entries(settings).map(([name, provider]) => [name, provider?.baseUrl]));
  const priced = [...providers].map(({ name, mock }) => ({ name, mock, baseUrl: baseUrls.get(name) }));
  const catalogue = priced.every(({ mock }) => mock)
    ? NO_CATALOGUE
    : (await import("#router/price/catalogue.ts")).catalogue;
  return createPriceTable({ catalogue, overrides: config.prices, providers: priced });
}
