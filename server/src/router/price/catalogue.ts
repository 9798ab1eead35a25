import { calcPrice, findProvider, type ModelPrice as CataloguePrice } from "@pydantic/genai-prices";
import type { Catalogue, CatalogueEntry } from "./price-table.ts";
import { type ModelPrice, perToken, picoDollars, type Rates } from "./model-price.ts";

/** What the ledger names as the source of a price; a test holds it against the package that is installed. */
const VERSION = "genai-prices-0.1.8";
// Prices by the time of day or from a date on change on whole minutes.
const MINUTE_MS = 60_000;
const MAX_NAME = 200;

/** The dollars of one price for a prompt of more than `above` tokens; the library's tiers are for prompts of more than `start`. */
function dollars(price: CataloguePrice, key: string, above: number): number | undefined {
  const value = price[key];
  if (value === undefined || typeof value === "number") return value;
  let found = value.base;
  for (const { start, price: tier } of value.tiers) if (start <= above) found = tier;
  return found;
}

/** Null where a token of the prompt has no price: a model that is paid by the minute or by the picture. */
function ratesOf(price: CataloguePrice, above: number): Rates | null {
  const input = dollars(price, "input_mtok", above);
  if (input === undefined) return null;
  const output = dollars(price, "output_mtok", above);
  const reasoning = dollars(price, "output_reasoning_mtok", above) ?? output;
  const cacheWrite = dollars(price, "cache_write_mtok", above) ?? input;
  return {
    above,
    input: perToken(input),
    cachedRead: perToken(dollars(price, "cache_read_mtok", above) ?? input),
    cacheWrite: perToken(cacheWrite),
    cacheWrite1h: perToken(dollars(price, "cache_write_1h_mtok", above) ?? cacheWrite),
    output: output === undefined ? null : perToken(output),
    reasoning: reasoning === undefined ? null : perToken(reasoning),
    request: picoDollars((dollars(price, "requests_kcount", above) ?? 0) / 1000),
  };
}

function compile(price: CataloguePrice): ModelPrice | null {
  const starts = new Set<number>();
  for (const value of Object.values(price)) {
    if (typeof value === "object") for (const { start } of value.tiers) starts.add(start);
  }
  const first = ratesOf(price, -1);
  if (first === null) return null;
  const tiers = [...starts].toSorted((a, b) => a - b).map((above) => ratesOf(price, above));
  return [first, ...tiers.filter((rates) => rates !== null)];
}

function lookUp(vendor: string, model: string, now: number): CatalogueEntry | null {
  if (model.length > MAX_NAME) return null;
  try {
    const found = calcPrice({}, model, { providerId: vendor, timestamp: new Date(now) });
    const price = found && compile(found.model_price);
    if (!found || !price) return null;
    const changes = Array.isArray(found.model.prices);
    return { price, until: changes ? (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS : Number.POSITIVE_INFINITY };
  } catch {
    // The library throws on prices that it does not understand; what is not understood is not known.
    return null;
  }
}

/**
 * The prices that the vendors publish, from the package `@pydantic/genai-prices`. A lookup costs tens of microseconds, and
 * loading this file tens of milliseconds.
 */
export const catalogue: Catalogue = {
  version: VERSION,
  find: lookUp,
  vendorAt: (baseUrl) => findProvider({ providerApiUrl: baseUrl })?.id,
};
