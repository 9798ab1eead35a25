import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { addUsage, type Usage } from "@slipway/contracts/model/usage.ts";
import type { PriceOverrides } from "@slipway/contracts/prices.ts";
import fc from "fast-check";
import { catalogue } from "./catalogue.ts";
import { costOf, FREE, perToken } from "./model-price.ts";
import { type Catalogue, createPriceTable, NO_CATALOGUE } from "./price-table.ts";

const NOW = Date.UTC(2026, 10, 21, 12, 0, 30);
const NO: Usage = { input: 0, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

const tokens = fc.oneof(fc.nat(2_000), fc.nat(400_000));
const usages: fc.Arbitrary<Usage> = fc.record({
  input: tokens,
  cachedRead: tokens,
  cacheWrite: tokens,
  output: tokens,
  reasoning: tokens,
});

/** The library's own reckoning, in dollars. It takes overlapping counts. */
function byTheLibrary(vendor: string, model: string, usage: Usage, prices: object): number {
  const long = usage.cacheWrite1h ?? 0;
  const counts = {
    input_tokens: usage.input + usage.cachedRead + usage.cacheWrite,
    cache_read_tokens: usage.cachedRead,
    cache_write_tokens: usage.cacheWrite,
    ...("cache_write_1h_mtok" in prices ? { cache_write_1h_tokens: long } : {}),
    output_tokens: usage.output + usage.reasoning,
    ...("output_reasoning_mtok" in prices ? { output_reasoning_tokens: usage.reasoning } : {}),
  };
  const result = calcPrice(counts, model, { providerId: vendor, timestamp: new Date(NOW) });
  assert.ok(result);
  return result.total_price;
}

const VENDORS = ["openai", "anthropic", "google", "azure", "deepseek", "groq", "mistral", "openrouter", "perplexity"];
const MODELS = VENDORS.flatMap((vendor) =>
  (findProvider({ providerId: vendor })?.models ?? []).map(({ id }) => [vendor, id] as const),
);

test("every model of nine vendors costs what the library reckons, in all token classes and tiers", () => {
  let priced = 0;
  for (const [vendor, model] of MODELS) {
    const entry = catalogue.find(vendor, model, NOW);
    if (entry === null || entry.price[0].output === null) continue;
    const prices = calcPrice({}, model, { providerId: vendor, timestamp: new Date(NOW) })?.model_price ?? {};
    priced += 1;
    fc.assert(
      fc.property(usages, fc.nat(2_000), (usage, long) => {
        const used = { ...usage, cacheWrite1h: Math.min(long, usage.cacheWrite) };
        const dollars = byTheLibrary(vendor, model, used, prices);
        const cost = costOf(entry.price, used);
        assert.ok(cost !== null && Number.isSafeInteger(cost));
        // A price with more than six decimals is rounded to a pico-dollar a token; the rest is the library's own arithmetic.
        assert.ok(
          Math.abs(cost / 1e12 - dollars) <= 1e-12 * 4e6 + dollars * 1e-9,
          `${vendor} ${model}: ${cost} ${dollars}`,
        );
      }),
      { numRuns: 20 },
    );
  }
  assert.ok(priced > 600, `only ${priced} models have a price`);
});

test("the catalogue's published prices are whole pico-dollars a token, so a cost is exact", () => {
  for (const vendor of ["openai", "anthropic", "google"]) {
    for (const { id } of findProvider({ providerId: vendor })?.models ?? []) {
      const price = calcPrice({}, id, { providerId: vendor, timestamp: new Date(NOW) })?.model_price ?? {};
      for (const [key, value] of Object.entries(price)) {
        if (!key.endsWith("_mtok") || value === undefined) continue;
        const dollars = typeof value === "number" ? [value] : [value.base, ...value.tiers.map((tier) => tier.price)];
        for (const each of dollars) assert.ok(Math.abs(perToken(each) - each * 1e6) < 1e-6, `${id} ${key} ${each}`);
      }
    }
  }
});

test("a sum of costs is the cost of the sum: nothing drifts, however many calls there are", () => {
  const price = catalogue.find("openai", "gpt-5-mini", NOW)?.price;
  assert.ok(price);
  const few = fc.nat(3);
  const small = fc.record({ input: few, cachedRead: few, cacheWrite: few, output: few, reasoning: few });
  fc.assert(
    fc.property(fc.array(small), (calls) => {
      let sum = NO;
      let cost = 0;
      for (const call of calls) {
        cost += costOf(price, call) ?? 0;
        sum = addUsage(sum, call);
      }
      assert.equal(cost, costOf(price, sum));
    }),
  );
});

test("known figures: a cached prompt at OpenAI, an hour's cache write at Anthropic, a long prompt at Google", () => {
  const cost = (vendor: string, model: string, usage: Partial<Usage>) => {
    const entry = catalogue.find(vendor, model, NOW);
    assert.ok(entry);
    return costOf(entry.price, { ...NO, ...usage });
  };
  // 1,000 × 0.25 + 9,000 × 0.025 + 500 × 2 dollars a million.
  assert.equal(
    cost("openai", "gpt-5-mini", { input: 1000, cachedRead: 9000, output: 200, reasoning: 300 }),
    1_475_000_000,
  );
  // 100 × 1 + 1,000 × 1.25 + 1,000 × 2 + 10 × 5.
  assert.equal(
    cost("anthropic", "claude-haiku-4-5", { input: 100, cacheWrite: 2000, cacheWrite1h: 1000, output: 10 }),
    3_400_000_000,
  );
  // At 200,000 tokens still the short prompt's rates, one token more and all of it is dearer.
  assert.equal(cost("google", "gemini-2.5-pro", { input: 200_000, output: 100 }), 251_000_000_000);
  assert.equal(cost("google", "gemini-2.5-pro", { input: 200_001, output: 100 }), 501_502_500_000);
});

test("a model nobody knows has no price, which is not a price of 0; the mock's is 0 by declaration", () => {
  const table = createPriceTable({
    catalogue,
    overrides: {},
    providers: [
      { name: "openai", mock: false },
      { name: "openai-compatible", mock: false, baseUrl: "http://127.0.0.1:11434/v1" },
      { name: "mock", mock: true },
    ],
  });
  assert.equal(table.find("openai", "no-such-model", undefined, NOW), null);
  assert.equal(table.find("openai-compatible", "gpt-5-mini", undefined, NOW), null);
  assert.equal(table.find("unheard-of", "gpt-5-mini", undefined, NOW), null);
  assert.equal(table.find("openai", "x".repeat(5_000), undefined, NOW), null);
  assert.equal(table.find("mock", "anything", undefined, NOW), FREE);
  // A model that is paid by the minute has no price of tokens.
  assert.equal(table.find("openai", "whisper-1", undefined, NOW), null);
  assert.deepEqual(
    [table.vendor("openai"), table.vendor("openai-compatible"), table.vendor("mock")],
    ["openai", undefined, undefined],
  );
});

test("a compatible upstream at a vendor's address has that vendor's prices and habits", () => {
  const providers = [{ name: "openai-compatible", mock: false, baseUrl: "https://api.groq.com/openai/v1" }];
  const table = createPriceTable({ catalogue, overrides: {}, providers });
  assert.equal(table.vendor("openai-compatible"), "groq");
  assert.deepEqual(
    table.find("openai-compatible", "llama-3.3-70b-versatile", undefined, NOW),
    catalogue.find("groq", "llama-3.3-70b-versatile", NOW)?.price,
  );
});

test("an override stands over the catalogue, an exact name over a beginning, the longer beginning over the shorter", () => {
  const overrides: PriceOverrides = {
    openai: {
      "gpt-5-mini": { input: 1, output: 2 },
      "gpt-*": { input: 3, output: 3 },
      "gpt-5-*": { input: 5, output: 5 },
    },
    mock: { "*": { input: 7, output: 7, request: 0.01, tiers: [{ above: 10, input: 14, output: 14 }] } },
  };
  const providers = [
    { name: "openai", mock: false },
    { name: "mock", mock: true },
  ];
  const table = createPriceTable({ catalogue, overrides, providers });
  const input = (provider: string, model: string, answered?: string) =>
    table.find(provider, model, answered, NOW)?.[0].input;
  assert.equal(input("openai", "gpt-5-mini"), perToken(1));
  assert.equal(input("openai", "gpt-5-nano"), perToken(5));
  assert.equal(input("openai", "gpt-4o"), perToken(3));
  assert.equal(input("openai", "o3"), catalogue.find("openai", "o3", NOW)?.price[0].input);
  // What was asked for is overridden, whatever has answered.
  assert.equal(input("openai", "gpt-5-mini", "gpt-5-mini-2025-08-07"), perToken(1));
  const mock = table.find("mock", "m", undefined, NOW);
  assert.ok(mock);
  assert.equal(costOf(mock, { ...NO, input: 10 }), 10 * 7e6 + 1e10);
  assert.equal(costOf(mock, { ...NO, input: 11 }), 11 * 14e6);
  const without = createPriceTable({ catalogue, overrides: {}, providers });
  assert.notEqual(table.version, without.version);
  assert.equal(createPriceTable({ catalogue, overrides, providers }).version, table.version);
});

test("an alias costs what the model that answered costs, or what it costs itself where that one is not known", () => {
  const table = createPriceTable({ catalogue, overrides: {}, providers: [{ name: "google", mock: false }] });
  const flash = catalogue.find("google", "gemini-2.5-flash", NOW)?.price;
  assert.equal(table.find("google", "gemini-flash-latest-of-nowhere", undefined, NOW), null);
  assert.deepEqual(table.find("google", "gemini-flash-latest-of-nowhere", "gemini-2.5-flash", NOW), flash);
  assert.deepEqual(table.find("google", "gemini-2.5-flash", "house-name", NOW), flash);
});

test("a price that changes by date or time of day is asked for again when it may have changed", () => {
  const at = (hour: number) => Date.UTC(2026, 10, 21, hour, 10);
  const table = createPriceTable({
    catalogue,
    overrides: {},
    providers: [{ name: "openai-compatible", mock: false, baseUrl: "https://api.deepseek.com" }],
  });
  for (const hour of [3, 12, 20, 23]) {
    const price = table.find("openai-compatible", "deepseek-chat", undefined, at(hour));
    assert.deepEqual(price, catalogue.find("deepseek", "deepseek-chat", at(hour))?.price);
  }
  const once = catalogue.find("deepseek", "deepseek-chat", at(12));
  assert.equal(once?.until, at(12) + 60_000);
  assert.equal(catalogue.find("openai", "gpt-5-mini", NOW)?.until, Number.POSITIVE_INFINITY);
});

test("names are remembered, a thousand of them and no more", () => {
  let lookups = 0;
  const counted: Catalogue = {
    ...NO_CATALOGUE,
    find() {
      lookups += 1;
      return null;
    },
  };
  const table = createPriceTable({ catalogue: counted, overrides: {}, providers: [{ name: "openai", mock: false }] });
  const ask = (name: string) => table.find("openai", name, undefined, NOW);
  for (let round = 0; round < 3; round += 1) for (let n = 0; n < 1_000; n += 1) ask(`m${n}`);
  assert.equal(lookups, 1_000);
  ask("one more");
  ask("m999");
  assert.equal(lookups, 1_001);
  ask("m0");
  assert.equal(lookups, 1_002);
});

test("the ledger names the version of the catalogue that is installed", async () => {
  const manifest = await readFile(resolve(import.meta.dirname, "../../../package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  assert.equal(catalogue.version, `genai-prices-${dependencies["@pydantic/genai-prices"]}`);
});
