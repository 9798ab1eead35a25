import type { Dialect } from "../dialect.ts";
import { openaiErrors } from "../openai-errors.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { ResponsesStreamWriter } from "./stream.ts";

/** OpenAI Responses, after https://platform.openai.com/docs/api-reference/responses and the types of the `openai` package, 7.55. */
export const openaiResponses: Dialect = {
  name: "openai-responses",
  idPrefix: "resp",
  bodyIds: { "metadata.thread_id": "thread", previous_response_id: "response", "input.0.id": "response_item" },
  errors: openaiErrors,
  fieldNames: {
    maxOutputTokens: "max_output_tokens",
    topP: "top_p",
    responseFormat: "text.format",
    toolChoice: "tool_choice",
    parallelToolCalls: "parallel_tool_calls",
    endUser: "safety_identifier",
  },
  decode,
  encode,
  writer: (frame) => new ResponsesStreamWriter(frame),
};
