import type { SlipwayError } from "@slipway/contracts/errors.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import type { AnswerHeaders } from "../../codec.ts";
import {
  cleanMessage,
  type FailureKind,
  failureError,
  kindOfStatus,
  namesWhatIsMissing,
  retryAfter,
} from "../failure.ts";
import { parseErrorBody, textOf } from "../json.ts";
import type { ChatCompletionsOptions } from "./options.ts";

/** Types and codes of errors within a stream, where there is no status. */
const KINDS: Readonly<Record<string, FailureKind>> = {
  model_not_found: "model_not_found",
  rate_limit_error: "rate_limited",
  rate_limit_exceeded: "rate_limited",
  insufficient_quota: "rate_limited",
  tokens: "rate_limited",
  requests: "rate_limited",
  authentication_error: "auth",
  invalid_api_key: "auth",
  permission_error: "auth",
  invalid_request_error: "rejected",
  context_length_exceeded: "rejected",
};

interface Told {
  readonly message: string | undefined;
  readonly type: string | undefined;
  readonly code: string | undefined;
  readonly param: string | undefined;
  /** Some upstreams give an HTTP status as the code of an error within a stream. */
  readonly status: number | undefined;
}

// `{error: {message, type, code}}` is OpenAI's shape; vLLM has the same fields at the top, others `{error: "text"}` or `{detail}`.
function readError(body: JsonObject | undefined): Told {
  const inner = body?.["error"] ?? body;
  const error = isObject(inner) ? inner : {};
  const code = error["code"];
  const said = typeof inner === "string" ? inner : (error["message"] ?? error["detail"]);
  return {
    message: textOf(said),
    type: textOf(error["type"]),
    code: textOf(code),
    param: textOf(error["param"]),
    status: typeof code === "number" && code >= 400 && code < 600 ? code : undefined,
  };
}

function kindTold(told: Told): FailureKind | undefined {
  for (const key of [told.code, told.type]) {
    if (key !== undefined && Object.hasOwn(KINDS, key)) return KINDS[key];
  }
  return undefined;
}

// A 404 that speaks neither of a model nor, in OpenAI's shape, of something else that the request names comes from a wrong base URL.
function kindAnswered(told: Told, status: number): FailureKind {
  if (told.code === "model_not_found") return "model_not_found";
  if (status !== 404) return kindOfStatus(status);
  if (/model/i.test(told.message ?? "")) return "model_not_found";
  return told.type !== undefined && namesWhatIsMissing(told.message) ? "rejected" : "error";
}

/** An answer with a status other than 2xx. */
export function decodeError(
  options: ChatCompletionsOptions,
  status: number,
  headers: AnswerHeaders,
  body: string,
): SlipwayError {
  const told = readError(parseErrorBody(body));
  return failureError({
    provider: options.provider,
    kind: kindAnswered(told, status),
    status,
    message: cleanMessage(told.message, options.apiKey),
    retryAfter: retryAfter(headers),
    param: told.param,
  });
}

/** An error within a stream that began well. */
export function decodeStreamError(options: ChatCompletionsOptions, body: JsonObject): SlipwayError {
  const told = readError(body);
  return failureError({
    provider: options.provider,
    kind: kindTold(told) ?? (told.status === undefined ? "error" : kindOfStatus(told.status)),
    message: cleanMessage(told.message, options.apiKey),
    param: told.param,
  });
}
