import type { ModelPrice, PicoDollars, Rates } from "./model-price.ts";

function worstOf(rates: Rates, prompt: number, answer: number): PicoDollars | null {
  const { input, cachedRead, cacheWrite, cacheWrite1h, output, reasoning, request } = rates;
  if (answer > 0 && output === null) return null;
  const perInput = Math.max(input, cachedRead, cacheWrite, cacheWrite1h);
  return request + prompt * perInput + answer * Math.max(output ?? 0, reasoning ?? 0);
}

/**
 * The most that a call of at most so many tokens of prompt and answer can cost: each at the dearest rate of any class and, of a
 * price that goes by the length of the prompt, of any length up to this one. Null where the price does not say it.
 */
export function worstCost(price: ModelPrice, promptTokens: number, answerTokens: number): PicoDollars | null {
  let worst = 0;
  for (const rates of price) {
    if (rates.above >= promptTokens && rates !== price[0]) continue;
    const cost = worstOf(rates, promptTokens, answerTokens);
    if (cost === null) return null;
    worst = Math.max(worst, cost);
  }
  return Math.min(worst, Number.MAX_SAFE_INTEGER);
}
