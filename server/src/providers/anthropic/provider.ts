import { HttpProvider } from "../http-provider.ts";
import type { KeyedProviderSettings } from "../settings.ts";
import { createMessagesCodec } from "./codec.ts";

/** Anthropic's Messages API. */
export function createAnthropic(settings: KeyedProviderSettings): HttpProvider {
  const codec = createMessagesCodec(settings.apiKey);
  return new HttpProvider({ baseUrl: "https://api.anthropic.com", ...settings, name: "anthropic", codec });
}
