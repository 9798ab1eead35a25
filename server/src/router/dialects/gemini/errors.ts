import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ErrorShape } from "../dialect.ts";

/** `google.rpc.Code` by HTTP status (https://cloud.google.com/apis/design/errors#handling_errors). */
const STATUSES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function statusName(status: number): string {
  return STATUSES[status] ?? (status < 500 ? "INVALID_ARGUMENT" : "UNAVAILABLE");
}

function violations(error: SlipwayError): unknown[] {
  if (error.param === undefined) return [];
  return [
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: [{ field: error.param, description: error.message }],
    },
  ];
}

/** `google.rpc.Status` as Google's HTTP APIs give it (https://google.aip.dev/193); our own code is the reason of its `ErrorInfo`. */
export function encodeError(error: SlipwayError, requestId: string): unknown {
  const details: unknown[] = [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: error.code.toUpperCase(),
      domain: "slipway",
      metadata: { requestId },
    },
    ...violations(error),
  ];
  if (error.retryAfter !== undefined)
    details.push({ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${error.retryAfter}s` });
  return {
    error: {
      code: error.status,
      message: error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
      status: statusName(error.status),
      details,
    },
  };
}

/** Errors as the clients of Google's API know them. */
export const geminiErrors: ErrorShape = { contentType: "application/json; charset=UTF-8", encode: encodeError };
