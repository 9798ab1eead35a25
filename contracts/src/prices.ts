import { z } from "zod";

// A price in US dollars. A bound, because a slip of six digits would otherwise be booked without a word.
const dollars = z.number().min(0).max(100_000);

/** Prices of a prompt of some length: US dollars for a million tokens of each class, `request` for each request. */
const ratesSchema = z.strictObject({
  input: dollars,
  /** Absent: as `input`. */
  cachedRead: dollars.optional(),
  /** Absent: as `input`. */
  cacheWrite: dollars.optional(),
  /** Cache writes that stay for an hour. Absent: as `cacheWrite`. */
  cacheWrite1h: dollars.optional(),
  output: dollars,
  /** Absent: as `output`. */
  reasoning: dollars.optional(),
  /** US dollars for each request, besides its tokens. */
  request: dollars.optional(),
});

/** The price of one model. A prompt of more than `above` tokens is paid by that tier's rates, all of it and its answer. */
export const modelPriceSchema = ratesSchema.extend({
  tiers: z
    .array(ratesSchema.extend({ above: z.number().int().min(1).max(100_000_000) }))
    .max(8)
    .optional(),
});
export type PriceOverride = z.infer<typeof modelPriceSchema>;

/**
 * Prices that stand over those of the catalogue: by the provider's name, then by the model's as requests name it there. A name
 * that ends with `*` stands for all that begin so; the longest one that fits wins, an exact one before it.
 *
 * @example
 * { "openai-compatible": { "llama-3.3-70b": { input: 0.2, output: 0.6 }, "*": { input: 0, output: 0 } } }
 */
export const priceOverridesSchema = z.record(
  z.string().min(1).max(64),
  z.record(z.string().min(1).max(200), modelPriceSchema),
);
export type PriceOverrides = z.infer<typeof priceOverridesSchema>;
