import { calcPrice } from "@pydantic/genai-prices";
import type { TokenPrices } from "#cost/models.ts";

/** Providers whose name is their vendor's in the package of prices, as the server's router has it. */
const VENDORS = new Set(["openai", "anthropic", "google"]);

/** The prices that the server books by (`@pydantic/genai-prices`), for prompts of ordinary length. Loading this file takes tens of milliseconds. */
export const publishedTokenPrices: TokenPrices = (provider, model) => {
  if (!VENDORS.has(provider)) return undefined;
  const found = calcPrice({}, model, { providerId: provider })?.model_price;
  const [input, output] = [perMillion(found?.["input_mtok"]), perMillion(found?.["output_mtok"])];
  return input === undefined || output === undefined ? undefined : { input, output };
};

/** Micro-dollars for a million tokens. */
function perMillion(price: number | { readonly base: number } | undefined): number | undefined {
  const dollars = typeof price === "object" ? price.base : price;
  return dollars === undefined ? undefined : Math.round(dollars * 1e6);
}
