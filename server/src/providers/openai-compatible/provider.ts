import { type Codecs, HttpProvider } from "../http-provider.ts";
import type { CompatibleProviderSettings } from "../settings.ts";
import { createChatCompletionsCodec } from "../wire/chat-completions/codec.ts";

/** Gateways that hand `cache_control` on to models which know it; other upstreams may refuse the field. */
const CACHE_CONTROL_HOSTS = /(^|\.)(openrouter\.ai|aliyuncs\.com|litellm\.ai)$/;

/** Any server that speaks OpenAI's Chat Completions: vLLM, Ollama, llama.cpp, DeepSeek, Mistral, OpenRouter and others. */
export function createOpenAiCompatible(settings: CompatibleProviderSettings): HttpProvider {
  const codecs = (apiKey: string | undefined): Codecs => ({
    codec: createChatCompletionsCodec({
      provider: "openai-compatible",
      ...(apiKey === undefined ? {} : { apiKey }),
      maxTokensField: "max_tokens",
      returnsReasoning: true,
      takesTopK: true,
      takesCacheControl: settings.cacheControl ?? CACHE_CONTROL_HOSTS.test(new URL(settings.baseUrl).hostname),
    }),
  });
  return new HttpProvider({ ...settings, name: "openai-compatible", ...codecs(settings.apiKey), rekey: codecs });
}
