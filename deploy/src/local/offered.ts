import type { Offered } from "./announcement.ts";

/** How long the providers may take to name their models, in milliseconds. */
const TIMEOUT = 5_000;

/** The part of `GET /v1/models` that is read here. */
interface ModelsAnswer {
  readonly data?: readonly { readonly id: string; readonly owned_by?: string }[];
}

/** What a running server offers. An answer that fails or takes too long counts as nothing: the server runs all the same. */
export async function fetchOffered(url: string, apiKey: string): Promise<Offered> {
  try {
    const response = await fetch(`${url}/v1/models`, {
      headers: { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const { data = [] } = (await response.json()) as ModelsAnswer;
    return { mock: data.some((model) => model.owned_by === "mock"), models: data.map(({ id }) => id) };
  } catch {
    return { mock: false, models: [] };
  }
}
