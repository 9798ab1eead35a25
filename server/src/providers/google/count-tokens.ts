import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { CountingCodec } from "../codec.ts";
import { countOf, parseAnswer } from "../wire/json.ts";
import { encodeFields, modelPath } from "./encode.ts";

/** `countTokens` over the whole request, tools and system instruction included (https://ai.google.dev/api/tokens). */
export function createCountTokensCodec(headers: readonly string[]): CountingCodec {
  return {
    encode(request) {
      const path = modelPath(request.model);
      const generateContentRequest = { model: decodeURIComponent(path), ...encodeFields(request) };
      const body = JSON.stringify({ generateContentRequest });
      return { method: "POST", path: `/v1beta/${path}:countTokens`, headers, body };
    },
    decode(body) {
      const { totalTokens } = parseAnswer("google", body);
      // Google leaves out a field that is 0.
      if (totalTokens === undefined || typeof totalTokens === "number") return countOf(totalTokens);
      throw new SlipwayError(
        "provider_error",
        "The provider google answered with something that is no count of tokens.",
      );
    },
  };
}
