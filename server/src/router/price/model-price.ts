import type { Usage } from "@slipway/contracts/model/usage.ts";

/**
 * Money inside the server: whole pico-dollars (10⁻¹² US dollars). A catalogue price in dollars for a million tokens with up to
 * six decimals is a whole number of them a token, so a call's cost is exact and sums of costs are too; it is rounded to
 * micro-dollars once, where a figure is shown. A number holds 9,007 dollars of them exactly, which is more than one call can cost.
 */
export type PicoDollars = number;

/** What a token of each class costs, and a request as such, in whole pico-dollars. */
export interface Rates {
  /** Prompts of more tokens than this are paid by these rates. */
  readonly above: number;
  readonly input: PicoDollars;
  readonly cachedRead: PicoDollars;
  readonly cacheWrite: PicoDollars;
  readonly cacheWrite1h: PicoDollars;
  /** Null where the source names none: an answer of tokens has no known price then. */
  readonly output: PicoDollars | null;
  readonly reasoning: PicoDollars | null;
  readonly request: PicoDollars;
}

/** Rates by length of the prompt, ascending; the first is for any. */
export type ModelPrice = readonly [Rates, ...Rates[]];

/** The price of what costs nothing by declaration. */
export const FREE: ModelPrice = [
  {
    above: -1,
    input: 0,
    cachedRead: 0,
    cacheWrite: 0,
    cacheWrite1h: 0,
    output: 0,
    reasoning: 0,
    request: 0,
  },
];

const PICO = 1e12;
const PICO_A_TOKEN = PICO / 1e6;

/** Dollars for a million tokens as pico-dollars a token. */
export function perToken(dollarsPerMillion: number): PicoDollars {
  return Math.round(dollarsPerMillion * PICO_A_TOKEN);
}

/** Dollars as pico-dollars. */
export function picoDollars(dollars: number): PicoDollars {
  return Math.round(dollars * PICO);
}

/** Null when the price does not say what this usage costs. Never negative, at most what a number holds exactly. */
export function costOf(price: ModelPrice, usage: Usage): PicoDollars | null {
  const prompt = usage.input + usage.cachedRead + usage.cacheWrite;
  let rates = price[0];
  for (let at = 1; at < price.length; at += 1) {
    const tier = price[at];
    if (tier !== undefined && prompt > tier.above) rates = tier;
  }
  let cost =
    rates.request +
    usage.input * rates.input +
    usage.cachedRead * rates.cachedRead +
    usage.cacheWrite * rates.cacheWrite;
  const long = usage.cacheWrite1h ?? 0;
  if (long > 0) cost += long * (rates.cacheWrite1h - rates.cacheWrite);
  if (usage.output > 0) {
    if (rates.output === null) return null;
    cost += usage.output * rates.output;
  }
  if (usage.reasoning > 0) {
    if (rates.reasoning === null) return null;
    cost += usage.reasoning * rates.reasoning;
  }
  return Math.min(cost, Number.MAX_SAFE_INTEGER);
}
