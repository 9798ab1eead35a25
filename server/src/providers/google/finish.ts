import type { FinishReason } from "@slipway/contracts/model/event.ts";
import { UNUSABLE_REASONS } from "../wire/unusable-reasons.ts";

/**
 * `finishReason` of a candidate (the `FinishReason` enumeration of `@google/genai`). What stops an answer for what it says is a
 * content filter to the client. FUNCTION_CALL is what some that imitate Gemini say.
 */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: "stop",
  FUNCTION_CALL: "tool_calls",
  MAX_TOKENS: "length",
  CONTINUATION: "pause",
  SAFETY: "content_filter",
  RECITATION: "content_filter",
  LANGUAGE: "content_filter",
  BLOCKLIST: "content_filter",
  PROHIBITED_CONTENT: "content_filter",
  SPII: "content_filter",
  OTHER: "content_filter",
  IMAGE_SAFETY: "content_filter",
  IMAGE_PROHIBITED_CONTENT: "content_filter",
  IMAGE_RECITATION: "content_filter",
  IMAGE_OTHER: "content_filter",
  NO_IMAGE: "content_filter",
};

/** The finish reason in our words; `unusable` where the model's answer is of no use, `rejected` where the request was at fault. */
export function decodeFinish(reason: string): FinishReason | "unusable" | "rejected" {
  if (UNUSABLE_REASONS.has(reason)) return "unusable";
  if (reason === "MISSING_THOUGHT_SIGNATURE") return "rejected";
  return Object.hasOwn(FINISH_REASONS, reason) ? (FINISH_REASONS[reason] ?? "stop") : "stop";
}
