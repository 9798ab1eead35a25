import { type Codecs, HttpProvider } from "../http-provider.ts";
import type { KeyedProviderSettings } from "../settings.ts";
import { createMessagesCodec } from "./codec.ts";

/** Anthropic's Messages API. */
export function createAnthropic(settings: KeyedProviderSettings): HttpProvider {
  const rekey = (apiKey: string): Codecs => ({ codec: createMessagesCodec(apiKey) });
  const codecs = rekey(settings.apiKey);
  return new HttpProvider({ baseUrl: "https://api.anthropic.com", ...settings, name: "anthropic", ...codecs, rekey });
}
