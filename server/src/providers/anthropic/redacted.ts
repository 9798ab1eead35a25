/**
 * Marks a reasoning signature that is no signature but the data of a `redacted_thinking` block, which has neither text nor
 * signature and has to be handed back as it came. No signature of Anthropic begins so: they are base64, without a colon.
 */
export const REDACTED = "redacted_thinking:";
