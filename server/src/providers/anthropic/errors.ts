import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { AnswerHeaders } from "../codec.ts";
import {
  cleanMessage,
  type FailureKind,
  failureError,
  kindOfStatus,
  namesWhatIsMissing,
  retryAfter,
} from "../wire/failure.ts";
import { objectOf, parseErrorBody, textOf } from "../wire/json.ts";

/** `error.type` of the Messages API (https://platform.claude.com/docs/en/api/errors), for streams, in which there is no status. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  invalid_request_error: "rejected",
  request_too_large: "rejected",
  authentication_error: "auth",
  billing_error: "auth",
  permission_error: "auth",
  rate_limit_error: "rate_limited",
  timeout_error: "timeout",
  api_error: "error",
  overloaded_error: "error",
};

function readError(body: JsonObject | undefined): { type: string | undefined; message: string | undefined } {
  const error = objectOf(body?.["error"]);
  return { type: textOf(error["type"]), message: textOf(error["message"]) };
}

// Not found is the model, or something else that the request names, unless the answer is not Anthropic's at all.
function kindOf(status: number, type: string | undefined, message: string | undefined): FailureKind {
  if (status !== 404) return kindOfStatus(status);
  if (/model/i.test(message ?? "")) return "model_not_found";
  return type === "not_found_error" && namesWhatIsMissing(message) ? "rejected" : "error";
}

/** An answer with a status other than 2xx: `{type: "error", error: {type, message}}`. The status says all that the type does. */
export function decodeError(apiKey: string, status: number, headers: AnswerHeaders, body: string): SlipwayError {
  const { type, message } = readError(parseErrorBody(body));
  return failureError({
    provider: "anthropic",
    kind: kindOf(status, type, message),
    status,
    message: cleanMessage(message, apiKey),
    retryAfter: retryAfter(headers),
  });
}

/** An `error` event within a stream that began well. */
export function decodeStreamError(apiKey: string, event: JsonObject): SlipwayError {
  const { type, message } = readError(event);
  const kind = type !== undefined && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  return failureError({ provider: "anthropic", kind: kind ?? "error", message: cleanMessage(message, apiKey) });
}
