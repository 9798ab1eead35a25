import type { Dialect } from "../dialect.ts";
import { decode } from "./decode.ts";
import { encode, encodePlain } from "./encode.ts";
import { openaiErrors } from "../openai-errors.ts";
import { ChatStreamWriter } from "./stream.ts";

/** OpenAI Chat Completions, after https://platform.openai.com/docs/api-reference/chat (read 2026-11). */
export const openaiChat: Dialect = {
  name: "openai-chat",
  idPrefix: "chatcmpl",
  bodyIds: { "metadata.thread_id": "thread" },
  errors: openaiErrors,
  fieldNames: {
    maxOutputTokens: "max_completion_tokens",
    topP: "top_p",
    topK: "top_k",
    presencePenalty: "presence_penalty",
    frequencyPenalty: "frequency_penalty",
    responseFormat: "response_format",
    toolChoice: "tool_choice",
    parallelToolCalls: "parallel_tool_calls",
    reasoning: "reasoning_effort",
    endUser: "user",
  },
  decode,
  encode,
  encodePlain,
  writer: (frame) => new ChatStreamWriter(frame),
};
