import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { isObject } from "#lib/shape.ts";
import type { CountingCodec } from "../codec.ts";
import { parseAnswer } from "../wire/json.ts";
import { encodeBody } from "./encode.ts";

/** Fields of a message's request that say nothing of the prompt; the counting endpoint refuses what it does not know. */
const NOT_COUNTED = [
  "max_tokens",
  "stream",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "metadata",
  "service_tier",
];

/** `POST /v1/messages/count_tokens` (https://platform.claude.com/docs/en/api/messages-count-tokens). */
export function createCountTokensCodec(headersOf: (request: ModelRequest) => readonly string[]): CountingCodec {
  return {
    encode(request) {
      const whole: unknown = JSON.parse(encodeBody(request));
      const body = isObject(whole) ? { ...whole } : {};
      for (const field of NOT_COUNTED) Reflect.deleteProperty(body, field);
      const headers = headersOf(request);
      return { method: "POST", path: "/v1/messages/count_tokens", headers, body: JSON.stringify(body) };
    },
    decode(body) {
      const { input_tokens: tokens } = parseAnswer("anthropic", body);
      if (typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
      throw new SlipwayError("provider_error", "The provider anthropic answered with something that is no count.");
    },
  };
}
