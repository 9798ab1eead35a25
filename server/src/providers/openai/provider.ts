import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { type Codecs, HttpProvider } from "../http-provider.ts";
import type { OpenAiProviderSettings } from "../settings.ts";
import { createChatCompletionsCodec } from "../wire/chat-completions/codec.ts";
import type { ChatCompletionsOptions } from "../wire/chat-completions/options.ts";
import { createResponsesCodec } from "./responses/codec.ts";
import { createInputTokensCodec } from "./responses/input-tokens.ts";

/** Whether Chat Completions cannot say what the request asks for: OpenAI's own tools, and summaries of reasoning. */
function needsResponses(request: ModelRequest): boolean {
  return request.format === "openai-responses" || request.nativeTools !== undefined || request.reasoning?.show === true;
}

/** OpenAI by both of its formats: Responses where the request was written in it or needs it, else Chat Completions. */
export function createOpenAi(settings: OpenAiProviderSettings): HttpProvider {
  const { api } = settings;
  const rekey = (apiKey: string): Codecs => {
    const options: ChatCompletionsOptions = {
      provider: "openai",
      apiKey,
      maxTokensField: "max_completion_tokens",
      returnsReasoning: false,
      endUserField: "safety_identifier",
      knowsBase64: true,
    };
    const chat = createChatCompletionsCodec(options);
    if (api === "chat_completions") return { codec: chat };
    // Of one API only, but good for prompts of both.
    const counting = createInputTokensCodec(options);
    const responses = { ...createResponsesCodec(options, chat), counting };
    if (api === "responses") return { codec: responses };
    return { codec: { ...chat, counting }, other: { codec: responses, takes: needsResponses } };
  };
  const codecs = rekey(settings.apiKey);
  return new HttpProvider({ baseUrl: "https://api.openai.com/v1", ...settings, name: "openai", ...codecs, rekey });
}
