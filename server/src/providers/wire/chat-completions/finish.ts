import type { FinishReason } from "@slipway/contracts/model/event.ts";
import { UNUSABLE_REASONS } from "../unusable-reasons.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries({
    stop: "stop",
    length: "length",
    tool_calls: "tool_calls",
    function_call: "tool_calls",
    content_filter: "content_filter",
  } as const),
);

/**
 * The finish reason in our words; `unusable` where the model's answer is of no use, `failed` where it broke off. Google's API of this
 * format says its own reason too (`content_filter: RECITATION`, `function_call_filter: MALFORMED_FUNCTION_CALL`), OpenRouter says `error`.
 */
export function decodeFinish(said: string): FinishReason | "unusable" | "failed" {
  const known = FINISH_REASONS.get(said);
  if (known !== undefined) return known;
  if (said === "error") return "failed";
  const [reason = said, own] = said.split(": ", 2);
  if (own !== undefined && UNUSABLE_REASONS.has(own)) return "unusable";
  return FINISH_REASONS.get(reason) ?? "stop";
}
