import { HttpProvider } from "../http-provider.ts";
import type { KeyedProviderSettings } from "../settings.ts";
import { createGenerateContentCodec } from "./codec.ts";

/** Google's Gemini API. */
export function createGoogle(settings: KeyedProviderSettings): HttpProvider {
  const codec = createGenerateContentCodec(settings.apiKey);
  return new HttpProvider({ baseUrl: "https://generativelanguage.googleapis.com", ...settings, name: "google", codec });
}
