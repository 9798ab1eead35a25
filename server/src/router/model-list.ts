import type { Provider } from "#providers/provider.ts";

/** One model that a provider offers. */
export interface OfferedModel {
  /** What a client sends as `model`: the bare name for the large vendors, `<provider>/<name>` for an OpenAI-compatible upstream. */
  readonly id: string;
  readonly provider: string;
}

export interface ModelList {
  /** What the providers offer. A provider that does not answer in time keeps its last known list and never fails the whole. */
  list(): Promise<readonly OfferedModel[]>;
}

const FRESH_MS = 600_000;
// After a failure the provider is asked again soon, but not by every request.
const RETRY_MS = 10_000;
const TIMEOUT_MS = 3_000;

interface Entry {
  models: readonly OfferedModel[];
  freshUntil: number;
  asking: Promise<readonly OfferedModel[]> | undefined;
}

async function ask(provider: Provider, entry: Entry): Promise<readonly OfferedModel[]> {
  try {
    const names = await provider.listModels(TIMEOUT_MS);
    const prefix = provider.name === "openai-compatible" ? "openai-compatible/" : "";
    entry.models = names.map((name) => ({ id: `${prefix}${name}`, provider: provider.name }));
    entry.freshUntil = Date.now() + FRESH_MS;
  } catch {
    entry.freshUntil = Date.now() + RETRY_MS;
  }
  entry.asking = undefined;
  return entry.models;
}

/** Asks each provider at most every ten minutes, all at once, and one time for any number of callers. */
export function createModelList(providers: ReadonlyMap<string, Provider>): ModelList {
  const entries = new Map<Provider, Entry>();
  for (const provider of providers.values()) entries.set(provider, { models: [], freshUntil: 0, asking: undefined });
  return {
    async list() {
      const now = Date.now();
      const lists = await Promise.all(
        [...entries].map(([provider, entry]) => {
          if (entry.freshUntil > now) return Promise.resolve(entry.models);
          entry.asking ??= ask(provider, entry);
          return entry.asking;
        }),
      );
      return lists.flat();
    },
  };
}
