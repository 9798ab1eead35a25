import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { FamilyFields, Part, ReasoningPart, ToolCallPart } from "@slipway/contracts/model/request.ts";
import { NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { REDACTED } from "#providers/anthropic/redacted.ts";
import type { AnswerFrame } from "../dialect.ts";
import { packCallSignature, packSignature } from "../signature.ts";
import { encodeCitation } from "./encode-citation.ts";

const NOTHING: JsonObject = {};

/** What Anthropic itself said of the whole answer besides. */
export function ownFields(native: FamilyFields | undefined): JsonObject {
  return native?.family === "anthropic" ? native.fields : NOTHING;
}

/** Anthropic's usage object: cached tokens are apart from the input, thinking is part of the output. */
export function encodeUsage(usage: Usage, own: unknown): unknown {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cachedRead,
    output_tokens: usage.output + usage.reasoning,
    output_tokens_details: { thinking_tokens: usage.reasoning },
    ...(isObject(own) ? own : NOTHING),
  };
}

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
  refusal: "refusal",
  pause: "pause_turn",
};

/** How an answer ended, as a whole message and the `message_delta` of a stream both say it. */
export function encodeStop(answer: {
  readonly reason: FinishReason;
  readonly stopSequence: string | undefined;
  readonly refusal: string;
  readonly native: FamilyFields | undefined;
}): JsonObject {
  const { reason, stopSequence, refusal, native } = answer;
  const { usage: _, context_management: _edits, ...own } = ownFields(native);
  return {
    stop_reason: stopSequence !== undefined && reason === "stop" ? "stop_sequence" : STOP_REASONS[reason],
    stop_sequence: stopSequence ?? null,
    stop_details: refusal === "" ? null : { type: "refusal", category: null, explanation: refusal },
    ...own,
  };
}

/** The block of a piece of reasoning: sealed where it has no text of Anthropic's, else with its signature. */
export function encodeReasoning(part: ReasoningPart): JsonObject {
  const { signature, signedBy, text } = part;
  if (signature?.startsWith(REDACTED) === true) {
    return { type: "redacted_thinking", data: signature.slice(REDACTED.length) };
  }
  return {
    type: "thinking",
    thinking: text,
    signature: signature === undefined ? "" : packSignature(signature, signedBy, "anthropic"),
  };
}

/** The sealed block that carries the signature of the call after it. */
export function encodeCallSignature(call: Pick<ToolCallPart, "signature" | "signedBy">): JsonObject | undefined {
  if (call.signature === undefined) return undefined;
  return { type: "redacted_thinking", data: packCallSignature(call.signature, call.signedBy ?? "google") };
}

/** The head of a `tool_use` block. */
export function toolUse(id: string, name: string, input: unknown): JsonObject {
  return { type: "tool_use", id, name, input, caller: { type: "direct" } };
}

// The model may write what is no object, or be cut short. A tool that gets this says so; nothing of it is lost.
function inputOf(text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below, with the other texts that are no object.
  }
  return { malformed_arguments: text };
}

function encodePart(part: Part): readonly JsonObject[] {
  switch (part.type) {
    case "text": {
      const citations = part.citations ? { citations: part.citations.map(encodeCitation) } : NOTHING;
      return [{ type: "text", text: part.text, ...citations }];
    }
    case "reasoning":
      return [encodeReasoning(part)];
    case "tool_call": {
      const sealed = encodeCallSignature(part);
      const call = toolUse(part.id, part.name, inputOf(part.arguments));
      return sealed ? [sealed, call] : [call];
    }
    case "native":
      return part.family === "anthropic" ? [part.value] : [];
    default:
      return [];
  }
}

/** A whole answer as a `message` object. */
export function encode(answer: ModelAnswer, frame: AnswerFrame): unknown {
  const own = ownFields(answer.native);
  return {
    id: answer.id ?? frame.fallbackId,
    type: "message",
    role: "assistant",
    model: answer.model ?? frame.model,
    content: answer.content.flatMap(encodePart),
    container: null,
    ...encodeStop({
      reason: answer.finishReason ?? "stop",
      stopSequence: answer.stopSequence,
      refusal: answer.refusal,
      native: answer.native,
    }),
    ...(own["context_management"] === undefined ? NOTHING : { context_management: own["context_management"] }),
    usage: encodeUsage(answer.usage ?? NO_USAGE, own["usage"]),
  };
}
