/** Millionths of a US dollar, a whole number: what every amount here is in. */
export type Micros = number;

/** Whole pico-dollars (10⁻¹² US dollars) of a price as vendors write it, `0.0000025`. Throws RangeError for what is no such price. */
export function picoDollars(text: string): number {
  const [, whole, fraction = ""] = /^(\d{1,4})(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  if (whole === undefined) throw new RangeError(`"${text}" is no price: dollars with at most 12 decimals.`);
  return Number(whole) * 1e12 + Number(fraction.padEnd(12, "0"));
}

/** What a quantity costs, rounded to the micro-dollar once. */
export function amountOf(price: string, quantity: number): Micros {
  return Math.round((quantity * picoDollars(price)) / 1e6);
}

/** `$1,234.56`; `<$0.01` for less than a cent that is not nothing. */
export function dollars(micros: Micros): string {
  const sign = micros < 0 ? "−" : "";
  const cents = Math.round(Math.abs(micros) / 1e4);
  if (cents === 0 && micros !== 0) return `${sign}<$0.01`;
  const whole = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}$${whole}.${String(cents % 100).padStart(2, "0")}`;
}
