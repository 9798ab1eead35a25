import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { AnswerHeaders } from "../codec.ts";
import {
  boundedRetryAfter,
  cleanMessage,
  type FailureKind,
  failureError,
  kindOfStatus,
  namesWhatIsMissing,
  retryAfter,
} from "../wire/failure.ts";
import { arrayOf, objectOf, parseErrorBody, textOf } from "../wire/json.ts";

interface Told {
  readonly message: string | undefined;
  readonly code: number | undefined;
  readonly details: readonly unknown[];
}

function readError(body: JsonObject | undefined): Told {
  const error = objectOf(body?.["error"]);
  return {
    message: textOf(error["message"]),
    code: typeof error["code"] === "number" ? error["code"] : undefined,
    details: arrayOf(error["details"]),
  };
}

// A wrong key is an INVALID_ARGUMENT to Google; only the reason among the details tells.
function isWrongKey(told: Told): boolean {
  return told.details.some((detail) => textOf(objectOf(detail)["reason"])?.startsWith("API_KEY_"));
}

// `google.rpc.RetryInfo` gives the time to wait as a duration, "34.07s"; there is no `retry-after` header.
function retryDelay(told: Told): number | undefined {
  for (const detail of told.details) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(textOf(objectOf(detail)["retryDelay"]) ?? "")?.[1];
    if (seconds !== undefined) return boundedRetryAfter(Number(seconds));
  }
  return undefined;
}

// A file or a cached content that is not there, or another project's, is forbidden; nothing is wrong with the key.
const FORBIDDEN_THING = /\b(?:File|CachedContent)\b.*\bnot (?:exist|found)\b/;

function kindOf(told: Told, status: number | undefined): FailureKind {
  if (isWrongKey(told)) return "auth";
  if (status === 403 && FORBIDDEN_THING.test(told.message ?? "")) return "rejected";
  // A tuned model that is not there is an "entity".
  if (status === 404 && /model|entity/i.test(told.message ?? "")) return "model_not_found";
  if (status === 404 && told.code === 404 && namesWhatIsMissing(told.message)) return "rejected";
  return status === undefined ? "error" : kindOfStatus(status);
}

/**
 * An answer with a status other than 2xx: `{error: {code, message, status, details}}`, or that in an array
 * (https://google.aip.dev/193). The HTTP status says all that `error.status` does.
 */
export function decodeError(apiKey: string, status: number, headers: AnswerHeaders, body: string): SlipwayError {
  const told = readError(parseErrorBody(body));
  return failureError({
    provider: "google",
    kind: kindOf(told, status),
    status,
    message: cleanMessage(told.message, apiKey),
    retryAfter: retryAfter(headers) ?? retryDelay(told),
  });
}

/** An error within a stream that began well; its code is an HTTP status. */
export function decodeStreamError(apiKey: string, chunk: JsonObject): SlipwayError {
  const told = readError(chunk);
  return failureError({
    provider: "google",
    kind: kindOf(told, told.code),
    message: cleanMessage(told.message, apiKey),
    retryAfter: retryDelay(told),
  });
}
