/** A unit price as somebody published it. Only what was looked up stands here: what was not found is unknown, never nothing. */
export interface UnitPrice {
  /** Dollars, as written. */
  readonly usd: string;
  /** What it is the price of, for example `vCPU second`. */
  readonly per: string;
  /** Where it is the price. */
  readonly region: string;
  readonly currency: "USD";
  readonly source: string;
  /** ISO date of the source, or on which it was read. */
  readonly date: string;
  /** ISO date by which it must be looked up again. */
  readonly expires: string;
  /** What is free of it each month, by account; only the low estimate counts on it. */
  readonly free?: number;
  /** Not the vendor's own page. */
  readonly secondHand?: true;
  readonly note?: string;
}

/** Prices by what they are of. */
export type PriceList = Readonly<Record<string, UnitPrice>>;

type Looked = Omit<UnitPrice, "currency" | "expires"> & { readonly expires?: string };

/** A price in US dollars that is looked up again half a year after the others were, unless it says otherwise. */
export function price(looked: Looked): UnitPrice {
  return { currency: "USD", expires: "2027-05-21", ...looked };
}
