/**
 * Reasons of Google's (the `FinishReason` enumeration of `@google/genai`) that say that what the model wrote is of no use, for which tools
 * and prompts may be at fault; it may be tried again.
 */
export const UNUSABLE_REASONS: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MALFORMED_RESPONSE",
]);
