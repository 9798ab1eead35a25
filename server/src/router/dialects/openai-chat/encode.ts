import type { ErrorCode, SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { AnswerFrame } from "../dialect.ts";

/** OpenAI's `finish_reason`; a refusal is told by the message, not by the reason. */
export function encodeFinishReason(reason: FinishReason): string {
  return reason === "refusal" ? "stop" : reason;
}

/** OpenAI's usage object: there cached tokens are part of the prompt and reasoning is part of the completion. */
export function encodeUsage(usage: Usage): unknown {
  const prompt = usage.input + usage.cachedRead + usage.cacheWrite;
  const completion = usage.output + usage.reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cachedRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

/** A whole answer as a `chat.completion` object. */
export function encode(answer: ModelAnswer, frame: AnswerFrame): unknown {
  const message = {
    role: "assistant",
    content: answer.text === "" && (answer.toolCalls.length > 0 || answer.refusal !== "") ? null : answer.text,
    refusal: answer.refusal === "" ? null : answer.refusal,
    ...(answer.reasoning === "" ? {} : { reasoning_content: answer.reasoning }),
    ...(answer.toolCalls.length === 0
      ? {}
      : {
          tool_calls: answer.toolCalls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: call.arguments },
          })),
        }),
  };
  return {
    id: answer.id ?? frame.fallbackId,
    object: "chat.completion",
    created: frame.created,
    model: answer.model ?? frame.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: encodeFinishReason(answer.finishReason ?? "stop") }],
    ...(answer.usage ? { usage: encodeUsage(answer.usage) } : {}),
  };
}

const ERROR_TYPES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  rate_limited: "rate_limit_error",
  concurrency_exceeded: "rate_limit_error",
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
