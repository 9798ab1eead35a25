import type { WireFamily } from "@slipway/contracts/model/request.ts";
import { isObject } from "#lib/shape.ts";

/** Fields that are notes to the vendor or steer its cache and its speed: the answer is the same without them. */
const HINTS: Readonly<Record<WireFamily, ReadonlySet<string>>> = {
  openai: new Set([
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "stream_options",
  ]),
  anthropic: new Set(["metadata", "cache_control", "diagnostics", "user_profile_id", "eager_input_streaming"]),
  google: new Set(["labels"]),
};

/** Values of fields with which they ask for nothing: what stands there is what happens anyway. */
function asksForNothing(field: string, value: unknown): boolean {
  switch (field) {
    case "store":
    case "background":
      return value === false;
    case "service_tier":
      return value === "auto" || value === "default" || value === "standard_only";
    case "truncation":
      return value === "disabled";
    case "speed":
      return value === "standard";
    // A tool's: called by the model itself, at once known to it, which is the default.
    case "defer_loading":
      return value === false;
    case "allowed_callers":
      return Array.isArray(value) && value.length === 1 && value[0] === "direct";
    case "context_management":
      // Thinking is what a provider of another family is never sent.
      return (
        isObject(value) &&
        Array.isArray(value["edits"]) &&
        value["edits"].every((edit) => isObject(edit) && String(edit["type"]).startsWith("clear_thinking"))
      );
    default:
      return false;
  }
}

/** Whether a field of this family may be left out at a provider of another one without an error. */
export function isHint(family: WireFamily, field: string, value: unknown): boolean {
  return value === null || HINTS[family].has(field) || asksForNothing(field, value);
}
