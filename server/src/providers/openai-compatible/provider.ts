import { HttpProvider } from "../http-provider.ts";
import type { CompatibleProviderSettings } from "../settings.ts";
import { createChatCompletionsCodec } from "../wire/chat-completions/codec.ts";

/** Any server that speaks OpenAI's Chat Completions: vLLM, Ollama, llama.cpp, DeepSeek, Mistral, OpenRouter and others. */
export function createOpenAiCompatible(settings: CompatibleProviderSettings): HttpProvider {
  const codec = createChatCompletionsCodec({
    provider: "openai-compatible",
    ...(settings.apiKey === undefined ? {} : { apiKey: settings.apiKey }),
    maxTokensField: "max_tokens",
    returnsReasoning: true,
  });
  return new HttpProvider({ ...settings, name: "openai-compatible", codec });
}
