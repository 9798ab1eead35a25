import { type PriceOverrides, priceOverridesSchema } from "@slipway/contracts/prices.ts";
import type { EnvironmentReader } from "./reader.ts";

const NAME = "PRICE_OVERRIDES";
// A slip in one price repeats itself in many; the first few say what is wrong.
const MOST_SHOWN = 5;

/** `PRICE_OVERRIDES` as JSON: by provider, then by model. What is wrong with it is told by its place. */
export function readPriceOverrides(env: EnvironmentReader): PriceOverrides {
  const text = env.text(NAME);
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    env.problems.push(`${NAME} must be JSON: {"<provider>": {"<model>": {"input": 1.5, "output": 6}}}`);
    return {};
  }
  const result = priceOverridesSchema.safeParse(value);
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues.slice(0, MOST_SHOWN)) {
    env.problems.push(`${NAME}: at ${path.length === 0 ? "its top" : path.join(" → ")}: ${message}`);
  }
  return {};
}
