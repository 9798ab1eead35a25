import type { PriceSource } from "../estimate.ts";
import type { PriceList } from "../price.ts";
import { AMAZON } from "./amazon.ts";
import { AZURE } from "./azure.ts";
import { GOOGLE } from "./google.ts";
import { RAILWAY } from "./railway.ts";

/** Every unit price by vendor. */
export const PRICES: Readonly<Record<string, PriceList>> = {
  amazon: AMAZON,
  azure: AZURE,
  google: GOOGLE,
  railway: RAILWAY,
};

/** The prices of the lists above, or of others, by `vendor/name`. */
export function priceSource(lists: Readonly<Record<string, PriceList>> = PRICES): PriceSource {
  return {
    find(name) {
      const [vendor = "", own = ""] = name.split("/");
      return lists[vendor]?.[own];
    },
  };
}
