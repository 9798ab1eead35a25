import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { Codec } from "../../codec.ts";
import type { ChatCompletionsOptions } from "../../wire/chat-completions/options.ts";
import { parseAnswer } from "../../wire/json.ts";
import { encodeBody } from "./encode.ts";
import { ResponsesStream } from "./stream.ts";

function decodeAnswer(options: ChatCompletionsOptions, body: string): ModelEvent[] {
  const response = parseAnswer(options.provider, body);
  if (!Array.isArray(response["output"]))
    throw new SlipwayError("provider_error", `The provider ${options.provider} answered with no response object.`);
  const events: ModelEvent[] = [];
  new ResponsesStream(options, { event: (event) => events.push(event) }).whole(response);
  return events;
}

/**
 * The codec of OpenAI's Responses API (https://platform.openai.com/docs/api-reference/responses and the types of the `openai`
 * package, 7.55). Errors and the list of models are those of Chat Completions.
 */
export function createResponsesCodec(options: ChatCompletionsOptions, chat: Codec): Codec {
  const { apiKey } = options;
  const authorization = apiKey === undefined ? [] : ["authorization", `Bearer ${apiKey}`];
  const headers = ["content-type", "application/json", "user-agent", "slipway", ...authorization];
  return {
    ...chat,
    encode: (request) => ({ method: "POST", path: "/responses", headers, body: encodeBody(request) }),
    decodeAnswer: (body) => decodeAnswer(options, body),
    openStream: (output) => new ResponsesStream(options, output),
  };
}
