import type { ErrorCode, SlipwayError } from "@slipway/contracts/errors.ts";
import type { ErrorShape } from "./dialect.ts";

const ERROR_TYPES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  rate_limited: "rate_limit_error",
  concurrency_exceeded: "rate_limit_error",
  tokens_limited: "rate_limit_error",
  budget_exceeded: "insufficient_quota",
  price_unknown: "permission_error",
  provider_rate_limited: "rate_limit_error",
};

/** OpenAI's error object; the hint is part of the message because clients show only that. */
export function encodeError(error: SlipwayError): unknown {
  const fallback = error.status >= 500 ? "api_error" : "invalid_request_error";
  return {
    error: {
      message: error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
      type: ERROR_TYPES[error.code] ?? fallback,
      param: error.param ?? null,
      code: error.code,
    },
  };
}

/** Errors as the clients of OpenAI's API know them. */
export const openaiErrors: ErrorShape = { contentType: "application/json", encode: encodeError };
