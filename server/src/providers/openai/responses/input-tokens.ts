import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { CountingCodec } from "../../codec.ts";
import type { ChatCompletionsOptions } from "../../wire/chat-completions/options.ts";
import { objectOf, parseAnswer } from "../../wire/json.ts";
import { encodeBody } from "./encode.ts";

/** What the counting path takes: all that is part of the prompt (types of the `openai` package, 7.55). */
const COUNTED: ReadonlySet<string> = new Set([
  "model",
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "text",
  "reasoning",
  "truncation",
  "personality",
]);

/** The request without settings that say nothing of the prompt, some of which the Responses API would refuse. */
function promptOf(request: ModelRequest): ModelRequest {
  const { seed: _, topK: _k, presencePenalty: _p, frequencyPenalty: _f, stop: _s, ...rest } = request;
  return rest;
}

/** `POST /responses/input_tokens` (https://developers.openai.com/api/reference/resources/responses/subresources/input_tokens). */
export function createInputTokensCodec({ apiKey }: ChatCompletionsOptions): CountingCodec {
  const authorization = apiKey === undefined ? [] : ["authorization", `Bearer ${apiKey}`];
  const headers = ["content-type", "application/json", "user-agent", "slipway", ...authorization];
  return {
    encode(request) {
      const whole = objectOf(JSON.parse(encodeBody(promptOf(request))));
      const counted = Object.entries(whole).filter(([field]) => COUNTED.has(field));
      const body = JSON.stringify(Object.fromEntries(counted));
      return { method: "POST", path: "/responses/input_tokens", headers, body };
    },
    decode(body) {
      const { input_tokens: tokens } = parseAnswer("openai", body);
      if (typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
      throw new SlipwayError("provider_error", "The provider openai answered with something that is no count.");
    },
  };
}
