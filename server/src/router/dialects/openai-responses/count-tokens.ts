import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { CountDialect } from "../count-dialect.ts";
import { decode } from "./decode.ts";

/** `POST /v1/responses/input_tokens` (https://platform.openai.com/docs/api-reference/responses/input-tokens). */
export const responsesCountTokens: CountDialect = {
  decode(body) {
    const { request, keeping } = decode(body);
    if (keeping?.previousId !== undefined || keeping?.hasReferences) {
      throw new SlipwayError("unsupported_field", "What is kept of a conversation is not counted.", {
        param: keeping.previousId === undefined ? "input" : "previous_response_id",
        hint: "Send the whole conversation as `input`.",
      });
    }
    return request;
  },
  encode: (tokens) => ({ object: "response.input_tokens", input_tokens: tokens }),
};
