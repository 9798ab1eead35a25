import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { Codec } from "../../codec.ts";
import { objectOf, parseAnswer, textOf } from "../json.ts";
import { createEmbeddingsCodec } from "./embeddings.ts";
import { encodeBody } from "./encode.ts";
import { decodeError } from "./errors.ts";
import type { ChatCompletionsOptions } from "./options.ts";
import { ChatCompletionsStream } from "./stream.ts";

function decodeAnswer(options: ChatCompletionsOptions, body: string): ModelEvent[] {
  const answer = parseAnswer(options.provider, body);
  const events: ModelEvent[] = [];
  const stream = new ChatCompletionsStream(options, { event: (event) => events.push(event) });
  stream.chunk(answer);
  if (events.length === 0) {
    throw new SlipwayError("provider_error", `The provider ${options.provider} answered without a choice.`);
  }
  stream.event("[DONE]", "message");
  return events;
}

/**
 * The codec of OpenAI's Chat Completions API (https://platform.openai.com/docs/api-reference/chat and the types of the `openai`
 * package, 7.55), as OpenAI itself and those who copied it speak it.
 */
export function createChatCompletionsCodec(options: ChatCompletionsOptions): Codec {
  const { provider, apiKey } = options;
  const authorization = apiKey === undefined ? [] : ["authorization", `Bearer ${apiKey}`];
  const postHeaders = ["content-type", "application/json", "user-agent", "slipway", ...authorization];
  const getHeaders = ["accept", "application/json", "user-agent", "slipway", ...authorization];
  return {
    family: "openai",
    encode: (request) => ({
      method: "POST",
      path: "/chat/completions",
      headers: postHeaders,
      body: encodeBody(request, options),
    }),
    decodeAnswer: (body) => decodeAnswer(options, body),
    openStream: (output) => new ChatCompletionsStream(options, output),
    decodeError: (status, headers, body) => decodeError(options, status, headers, body),
    embeddings: createEmbeddingsCodec(options, postHeaders),
    encodeListModels: () => ({ method: "GET", path: "/models", headers: getHeaders, body: null }),
    decodeListModels(body) {
      const { data } = parseAnswer(provider, body);
      if (!Array.isArray(data))
        throw new SlipwayError("provider_error", `The provider ${provider} answered with no list of models.`);
      return { models: data.flatMap((model) => textOf(objectOf(model)["id"]) ?? []), next: undefined };
    },
  };
}
