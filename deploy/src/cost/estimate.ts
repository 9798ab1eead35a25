import { CASES, type Case } from "./assumptions.ts";
import { amountOf, type Micros } from "./money.ts";
import type { UnitPrice } from "./price.ts";

/** An amount a month, in micro-dollars. */
export interface Amounts {
  readonly low: Micros;
  readonly expected: Micros;
  readonly high: Micros;
}

/** One position of an estimate. */
export interface CostLine {
  /** `service web: cpu` */
  readonly what: string;
  /** Null: nobody knows, because a price was not found. Never to be taken for nothing. */
  readonly amounts: Amounts | null;
  /** The name of the price in its vendor's list; absent where none was found. */
  readonly price?: string;
  /** Why it is not known. */
  readonly unknown?: string;
}

/** A sum that says what it leaves out. */
export interface Total extends Amounts {
  /** Positions that are in no sum. With any of them, the sum is a lower bound. */
  readonly unknown: readonly string[];
}

/** Where the prices of an estimate come from. */
export interface PriceSource {
  /** `amazon/fargate-cpu` and its price; undefined when it was not found. */
  find(name: string): UnitPrice | undefined;
}

/** A line of a quantity in the units of a price; unknown when there is no such price. The part that is free of charge is taken off the low case. */
export function line(prices: PriceSource, what: string, name: string, quantity: (which: Case) => number): CostLine {
  const found = prices.find(name);
  if (found === undefined) return unknownLine(what, `no price of ${name} was found`);
  const amount = (which: Case): Micros => {
    const free = which === "low" ? (found.free ?? 0) : 0;
    return amountOf(found.usd, Math.max(0, quantity(which) - free));
  };
  return {
    what,
    amounts: ordered({ low: amount("low"), expected: amount("expected"), high: amount("high") }),
    price: name,
  };
}

export function unknownLine(what: string, unknown: string): CostLine {
  return { what, amounts: null, unknown };
}

/** Cases in their order: at its bounds a service can be cheaper with a busier day than with an even one. */
function ordered({ low, expected, high }: Amounts): Amounts {
  const middle = Math.max(low, expected);
  return { low, expected: middle, high: Math.max(middle, high) };
}

/** The sum of what is known, and the names of what is not. */
export function total(lines: readonly CostLine[]): Total {
  const sum = (which: Case): Micros => lines.reduce((all, { amounts }) => all + (amounts?.[which] ?? 0), 0);
  const [low, expected, high] = CASES.map(sum);
  const unknown = lines.filter(({ amounts }) => amounts === null).map(({ what }) => what);
  return { low: low ?? 0, expected: expected ?? 0, high: high ?? 0, unknown };
}
