import type { CountDialect } from "../count-dialect.ts";
import { decode } from "./decode.ts";
import { anthropicErrors } from "./errors.ts";

/** `POST /v1/messages/count_tokens` (https://platform.claude.com/docs/en/api/messages-count-tokens). */
export const anthropicCountTokens: CountDialect = {
  ...(anthropicErrors.requestIdHeader === undefined ? {} : { requestIdHeader: anthropicErrors.requestIdHeader }),
  decode: (body, head) => decode(body, head).request,
  encode: (tokens) => ({ input_tokens: tokens }),
};
