import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { CountDialect } from "../count-dialect.ts";
import { decodeRequest } from "./decode.ts";
import { fieldsOf } from "./fields.ts";
import { readTarget } from "./path.ts";

/** `countTokens`, of contents or of a whole request (https://ai.google.dev/api/tokens). */
export const geminiCountTokens: CountDialect = {
  keyParameter: "key",
  decode(value, head) {
    const { model } = readTarget(head.url ?? "");
    const body = fieldsOf(value, "body");
    const whole = body["generateContentRequest"];
    if (whole !== undefined && body["contents"] !== undefined) {
      throw new SlipwayError("invalid_request", "`contents` and `generateContentRequest` exclude each other.", {
        param: "generateContentRequest",
      });
    }
    return decodeRequest(whole ?? body, model, false).request;
  },
  encode: (tokens) => ({ totalTokens: tokens }),
};
