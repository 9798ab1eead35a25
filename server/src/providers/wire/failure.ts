import { type ErrorOptions, SlipwayError } from "@slipway/contracts/errors.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { AnswerHeaders } from "../codec.ts";

const MAX_MESSAGE = 500;
const MAX_RETRY_AFTER = 86_400;

/** What went wrong upstream, in the terms that every vendor's error shape is translated to. */
export type FailureKind = "rate_limited" | "auth" | "model_not_found" | "rejected" | "unusable" | "timeout" | "error";

/** One failure as a provider told it. */
export interface Failure {
  readonly provider: string;
  readonly kind: FailureKind;
  /** The provider's own words, already without its key: see {@link cleanMessage}. */
  readonly message: string | undefined;
  /** The HTTP status, where the failure came as an answer of its own and not within a stream. */
  readonly status?: number;
  readonly retryAfter?: number | undefined;
  /** The request field at fault, in the provider's words. */
  readonly param?: string | undefined;
  /** What an unusable answer used, where the provider has told. */
  readonly usage?: Usage | undefined;
}

/** An answer that is of no use was made all the same, and is billed: it carries the vendor's figures, where there are any. */
export class UnusableAnswer extends SlipwayError {
  readonly usage: Usage | undefined;

  constructor(message: string, errorOptions: ErrorOptions, usage: Usage | undefined) {
    super("provider_answer_unusable", message, errorOptions);
    this.usage = usage;
  }
}

// Vendors echo a part of a wrong key, with or without stars in it.
const KEY_LIKE = /\b(?:sk|rk|pk|gsk|xai)-[\w*.-]{6,}|\bAIza[\w*-]{8,}|\bBearer\s+\S+|\S*\*{3,}\S*/g;

/** The provider's words, in at most 500 characters, on one line, and without the key or anything that looks like one. */
export function cleanMessage(message: string | undefined, apiKey: string | undefined): string | undefined {
  if (message === undefined) return undefined;
  const known = apiKey === undefined || apiKey === "" ? message : message.replaceAll(apiKey, "[key]");
  // Cut before the patterns run over it, and cut so long that what is left over is of full length.
  const text = known
    .slice(0, 4 * MAX_MESSAGE)
    .replaceAll(KEY_LIKE, "[key]")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim();
  if (text === "") return undefined;
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;
}

/** The kind that a status alone tells; a vendor's error type may tell more. */
export function kindOfStatus(status: number): FailureKind {
  if (status === 429) return "rate_limited";
  if (status === 401 || status === 402 || status === 403) return "auth";
  if (status === 408 || status === 504) return "timeout";
  if (status >= 400 && status < 500 && status !== 404) return "rejected";
  return "error";
}

/**
 * Whether the words of a 404 are of something that the request names, and not of a path that is not there, as a wrong base URL
 * leads to. What one client has made up is no failure of the vendor's, which would count against it for all clients.
 */
export function namesWhatIsMissing(message: string | undefined): boolean {
  return message !== undefined && !/^(?:404\b|not found)|\b(?:url|route|endpoint|path)\b/i.test(message);
}

/**
 * When to try again, in whole seconds: `retry-after` as seconds or date (RFC 9110, section 10.2.3), or `retry-after-ms`,
 * which OpenAI sends besides. `now` is in milliseconds since the epoch.
 */
export function retryAfter(headers: AnswerHeaders, now: number = Date.now()): number | undefined {
  const inMs = Number(headers["retry-after-ms"] ?? Number.NaN);
  const value = headers["retry-after"];
  let seconds = Number.isFinite(inMs) ? inMs / 1000 : Number.NaN;
  if (Number.isNaN(seconds) && typeof value === "string") {
    seconds = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  }
  return boundedRetryAfter(seconds);
}

/** Whole seconds from 0 to a day, or undefined for anything that is no time to wait. */
export function boundedRetryAfter(seconds: number): number | undefined {
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(Math.ceil(seconds), MAX_RETRY_AFTER) : undefined;
}

function options(failure: Failure, hint: string, more: ErrorOptions = {}): ErrorOptions {
  return { hint, ...more, ...(failure.retryAfter === undefined ? {} : { retryAfter: failure.retryAfter }) };
}

/** The failure as the one error class of the product. */
export function failureError(failure: Failure): SlipwayError {
  const { provider, status } = failure;
  const said = failure.message === undefined ? "." : `: ${failure.message}`;
  const answered = status === undefined ? "" : ` (HTTP ${status})`;
  switch (failure.kind) {
    case "rate_limited":
      return new SlipwayError(
        "provider_rate_limited",
        `The provider ${provider} limits requests${said}`,
        options(failure, "Wait and try again, or choose a model of another provider."),
      );
    case "auth":
      return new SlipwayError(
        "provider_auth",
        `The provider ${provider} refuses the key that this server has for it${answered}${said}`,
        options(failure, "Whoever runs this server must check the provider's key, its rights and its balance."),
      );
    case "model_not_found":
      return new SlipwayError(
        "model_not_found",
        `The provider ${provider} does not offer this model${said}`,
        options(failure, "GET /v1/models lists the models that can be called.", { param: "model" }),
      );
    case "rejected":
      return new SlipwayError(
        "provider_rejected",
        `The provider ${provider} rejects the request${said}`,
        options(failure, "Change the request; the same one would be rejected again.", {
          ...(status === undefined ? {} : { status }),
          ...(failure.param === undefined ? {} : { param: failure.param.slice(0, 200) }),
        }),
      );
    case "unusable":
      return new UnusableAnswer(
        `The model of the provider ${provider} gave an answer that is of no use${said}`,
        options(failure, "Try again; if it happens often, make the tools simpler or choose another model."),
        failure.usage,
      );
    case "timeout":
      return new SlipwayError(
        "provider_timeout",
        `The provider ${provider} ran out of time${answered}${said}`,
        options(failure, "Try again, with a smaller request if it happens again."),
      );
    default:
      return new SlipwayError(
        "provider_error",
        `The provider ${provider} failed${answered}${said}`,
        options(
          failure,
          status !== undefined && status < 500
            ? "Whoever runs this server should check the provider's base URL."
            : "Try again, or choose a model of another provider.",
        ),
      );
  }
}
