import { HttpProvider } from "../http-provider.ts";
import type { KeyedProviderSettings } from "../settings.ts";
import { createChatCompletionsCodec } from "../wire/chat-completions/codec.ts";

/** OpenAI's Chat Completions API. */
export function createOpenAi(settings: KeyedProviderSettings): HttpProvider {
  const codec = createChatCompletionsCodec({
    provider: "openai",
    apiKey: settings.apiKey,
    maxTokensField: "max_completion_tokens",
    returnsReasoning: false,
  });
  return new HttpProvider({ baseUrl: "https://api.openai.com/v1", ...settings, name: "openai", codec });
}
