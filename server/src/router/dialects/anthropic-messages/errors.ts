import type { ErrorCode, SlipwayError } from "@slipway/contracts/errors.ts";
import type { ErrorShape } from "../dialect.ts";

/** `error.type` by status (https://platform.claude.com/docs/en/api/errors). */
const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** What Anthropic's clients know as overload: wait and try again. */
const OVERLOADED: ReadonlySet<ErrorCode> = new Set(["overloaded", "draining", "database_unavailable"]);

function statusOf(error: SlipwayError): number {
  return OVERLOADED.has(error.code) ? 529 : error.status;
}

/** Anthropic's error object. The hint is part of the message; our stable code stands where the official client reads its `errorCode`. */
export function encodeError(error: SlipwayError, requestId: string): unknown {
  const status = statusOf(error);
  return {
    type: "error",
    error: {
      type: TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error"),
      message: error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
      details: { error_code: error.code, ...(error.param === undefined ? {} : { param: error.param }) },
    },
    request_id: requestId,
  };
}

/** Errors as the clients of Anthropic's API know them. */
export const anthropicErrors: ErrorShape = {
  contentType: "application/json",
  requestIdHeader: "request-id",
  status: statusOf,
  encode: encodeError,
};
