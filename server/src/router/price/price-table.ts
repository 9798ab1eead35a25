import { createHash } from "node:crypto";
import type { PriceOverrides } from "@slipway/contracts/prices.ts";
import { FREE, type ModelPrice } from "./model-price.ts";
import { compileOverrides } from "./overrides.ts";

/** A price of a catalogue and until when it holds, in milliseconds since the epoch. */
export interface CatalogueEntry {
  readonly price: ModelPrice;
  readonly until: number;
}

/** Published prices. */
export interface Catalogue {
  /** Named in the ledger beside every cost. */
  readonly version: string;
  find(vendor: string, model: string, now: number): CatalogueEntry | null;
  /** Whose API is at this address. */
  vendorAt(baseUrl: string): string | undefined;
}

/** No published prices: what is not declared is not known. For a server whose only model is the mock. */
export const NO_CATALOGUE: Catalogue = { version: "declared", find: () => null, vendorAt: () => undefined };

/** A provider as prices see it. */
export interface PricedProvider {
  readonly name: string;
  /** Costs nothing by declaration. */
  readonly mock: boolean;
  /** Where it is, when that is not its vendor's own address. */
  readonly baseUrl?: string | undefined;
}

/** Prices in force in this process. */
export interface PriceTable {
  /** Which catalogue and which overrides: equal versions price alike. */
  readonly version: string;
  /**
   * The price of a model, null when nobody knows it. `answered` is the model that the provider says has answered: an alias costs
   * what it stands for. An override of the name that was asked for stands over everything.
   */
  find(provider: string, model: string, answered: string | undefined, now: number): ModelPrice | null;
  /** The vendor whose prices and habits this provider has; undefined for one that nobody knows, such as a server of one's own. */
  vendor(provider: string): string | undefined;
}

// Names come from clients, so what is remembered of them is bounded; a name that is used comes back with one lookup.
const MOST_NAMES = 1_000;
/** Providers whose name is their vendor's. The catalogue's `google` holds the prices of the Gemini API. */
const VENDORS: ReadonlySet<string> = new Set(["openai", "anthropic", "google"]);
const FOREVER = Number.POSITIVE_INFINITY;

interface Known {
  readonly price: ModelPrice | null;
  readonly overridden: boolean;
  readonly until: number;
}

/** Prices of one provider's models, remembered by name. */
class ProviderPrices {
  readonly vendor: string | undefined;
  readonly #provider: PricedProvider;
  readonly #catalogue: Catalogue;
  readonly #override: (model: string) => ModelPrice | undefined;
  readonly #known = new Map<string, Known>();

  constructor(
    provider: PricedProvider,
    catalogue: Catalogue,
    override: (provider: string, model: string) => ModelPrice | undefined,
  ) {
    const { name, mock, baseUrl } = provider;
    const known = VENDORS.has(name) ? name : undefined;
    this.vendor = mock ? undefined : ((baseUrl === undefined ? undefined : catalogue.vendorAt(baseUrl)) ?? known);
    this.#provider = provider;
    this.#catalogue = catalogue;
    this.#override = (model) => override(name, model);
  }

  find(model: string, now: number): Known {
    const known = this.#known.get(model);
    if (known !== undefined && now < known.until) return known;
    const found = this.#lookUp(model, now);
    if (known === undefined && this.#known.size >= MOST_NAMES) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(model, found);
    return found;
  }

  #lookUp(model: string, now: number): Known {
    const override = this.#override(model);
    if (override !== undefined) return { price: override, overridden: true, until: FOREVER };
    if (this.#provider.mock) return { price: FREE, overridden: false, until: FOREVER };
    const entry = this.vendor === undefined ? null : this.#catalogue.find(this.vendor, model, now);
    return { price: entry?.price ?? null, overridden: false, until: entry?.until ?? FOREVER };
  }
}

function versionOf(catalogue: Catalogue, overrides: PriceOverrides): string {
  if (Object.keys(overrides).length === 0) return catalogue.version;
  const hash = createHash("sha256").update(JSON.stringify(overrides)).digest("hex").slice(0, 12);
  return `${catalogue.version}+${hash}`;
}

/** Makes the table of these providers. Pure but for what it remembers. */
export function createPriceTable(options: {
  readonly catalogue: Catalogue;
  readonly overrides: PriceOverrides;
  readonly providers: Iterable<PricedProvider>;
}): PriceTable {
  const { catalogue, overrides } = options;
  const override = compileOverrides(overrides);
  const providers = new Map<string, ProviderPrices>();
  for (const provider of options.providers) {
    providers.set(provider.name, new ProviderPrices(provider, catalogue, override));
  }
  return {
    version: versionOf(catalogue, overrides),
    find(provider, model, answered, now) {
      const prices = providers.get(provider);
      if (prices === undefined) return null;
      const asked = prices.find(model, now);
      if (answered === undefined || answered === model || asked.overridden) return asked.price;
      return prices.find(answered, now).price ?? asked.price;
    },
    vendor: (provider) => providers.get(provider)?.vendor,
  };
}
