import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { AnswerFrame } from "../dialect.ts";

/** OpenAI's usage object: there cached and written tokens are part of the input and reasoning is part of the output. */
function encodeUsage(usage: Usage): JsonObject {
  const input = usage.input + usage.cachedRead + usage.cacheWrite;
  const output = usage.output + usage.reasoning;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cachedRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  };
}

/** Where a response stands. */
export interface ResponseState {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly model: string;
  readonly output: readonly JsonObject[];
  readonly incomplete?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly error?: SlipwayError;
}

/** How an answer that ended for this reason stands, and what is missing. A refusal that is not `told` by a part may have cut the answer. */
export function statusOf(reason: FinishReason, told: boolean): Pick<ResponseState, "status" | "incomplete"> {
  if (reason === "length" || reason === "pause") return { status: "incomplete", incomplete: "max_output_tokens" };
  if (reason === "content_filter" || (reason === "refusal" && !told))
    return { status: "incomplete", incomplete: "content_filter" };
  return { status: "completed" };
}

// OpenAI's codes are few; ours stands where its type does.
function encodeFailure(error: SlipwayError): JsonObject {
  return {
    code: error.code === "provider_rate_limited" ? "rate_limit_exceeded" : "server_error",
    message: error.hint === undefined ? error.message : `${error.message} ${error.hint}`,
    type: error.code,
    param: error.param ?? null,
  };
}

/** A response object: what was asked for, as far as an answer repeats it, and what came of it. */
export function encodeResponse(frame: AnswerFrame, state: ResponseState): JsonObject {
  const asked = frame.decoded.echo ?? {};
  const { status, incomplete, error, usage } = state;
  const orNull = (name: string): unknown => asked[name] ?? null;
  return {
    id: frame.fallbackId,
    object: "response",
    created_at: frame.created,
    status,
    background: false,
    error: error ? encodeFailure(error) : null,
    incomplete_details: incomplete === undefined ? null : { reason: incomplete },
    instructions: orNull("instructions"),
    max_output_tokens: orNull("max_output_tokens"),
    max_tool_calls: orNull("max_tool_calls"),
    model: state.model,
    output: state.output,
    parallel_tool_calls: asked["parallel_tool_calls"] ?? true,
    previous_response_id: orNull("previous_response_id"),
    prompt_cache_key: orNull("prompt_cache_key"),
    reasoning: asked["reasoning"] ?? { effort: null, summary: null },
    safety_identifier: orNull("safety_identifier"),
    service_tier: asked["service_tier"] ?? "default",
    store: asked["store"],
    temperature: orNull("temperature"),
    text: { format: { type: "text" }, ...(typeof asked["text"] === "object" ? asked["text"] : {}) },
    tool_choice: asked["tool_choice"] ?? "auto",
    tools: asked["tools"] ?? [],
    top_p: orNull("top_p"),
    truncation: asked["truncation"] ?? "disabled",
    usage: usage ? encodeUsage(usage) : null,
    user: orNull("user"),
    metadata: asked["metadata"] ?? {},
  };
}
