import type { Dialect } from "../dialect.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { anthropicErrors } from "./errors.ts";
import { MessagesStreamWriter } from "./stream.ts";

/** Anthropic Messages, after https://platform.claude.com/docs/en/api/messages and the types of `@anthropic-ai/sdk` 1.8. */
export const anthropicMessages: Dialect = {
  name: "anthropic-messages",
  idPrefix: "msg",
  bodyIds: { "metadata.thread_id": "thread" },
  errors: anthropicErrors,
  fieldNames: {
    maxOutputTokens: "max_tokens",
    topP: "top_p",
    topK: "top_k",
    stop: "stop_sequences",
    responseFormat: "output_config.format",
    toolChoice: "tool_choice",
    parallelToolCalls: "tool_choice.disable_parallel_tool_use",
    reasoning: "thinking",
    endUser: "metadata.user_id",
  },
  decode,
  encode,
  writer: (frame) => new MessagesStreamWriter(frame),
};
