import { type Codecs, HttpProvider } from "../http-provider.ts";
import type { KeyedProviderSettings } from "../settings.ts";
import { createGenerateContentCodec } from "./codec.ts";

/** Google's Gemini API. */
export function createGoogle(settings: KeyedProviderSettings): HttpProvider {
  const rekey = (apiKey: string): Codecs => ({ codec: createGenerateContentCodec(apiKey) });
  const baseUrl = "https://generativelanguage.googleapis.com";
  return new HttpProvider({ baseUrl, ...settings, name: "google", ...rekey(settings.apiKey), rekey });
}
