import { type Part, type ToolCallPart, type ToolResultPart, textResult } from "@slipway/contracts/model/request.ts";
import type { ConversationMessage } from "./content.ts";

const INTERRUPTED = "The tool gave no result: the run was interrupted. Call it again if the result is still needed.";

function callsOf(message: ConversationMessage): readonly ToolCallPart[] {
  return message.role === "assistant" ? message.content.filter((part) => part.type === "tool_call") : [];
}

/**
 * The first result of a call after it. The search ends where a later answer makes a call of the same id: some providers
 * count their calls anew in each answer.
 */
function resultOf(call: ToolCallPart, later: readonly ConversationMessage[]): ToolResultPart | undefined {
  for (const message of later) {
    if (message.role === "tool") {
      const found = message.content.find((part) => part.type === "tool_result" && part.toolCallId === call.id);
      if (found?.type === "tool_result") return found;
    }
    if (callsOf(message).some((other) => other.id === call.id)) return undefined;
  }
  return undefined;
}

/**
 * The conversation as every provider accepts it: each answer with tool calls is followed by one message with exactly their
 * results, and no result stands anywhere else. A run that died between a call and its result leaves a call unanswered, two
 * runs at once in a thread leave a result away from its call, a truncated history has a result without its call. A call
 * without a result is told to the model as interrupted; a result without a call is left out, as is a message that has nothing in it.
 */
export function wholeHistory(messages: readonly ConversationMessage[]): readonly ConversationMessage[] {
  const whole: ConversationMessage[] = [];
  for (const [at, message] of messages.entries()) {
    if (message.role === "tool" || message.content.length === 0) continue;
    whole.push(message);
    const calls = callsOf(message);
    if (calls.length === 0) continue;
    const later = messages.slice(at + 1);
    const results: Part[] = calls.map(
      (call) =>
        resultOf(call, later) ?? {
          type: "tool_result",
          toolCallId: call.id,
          name: call.name,
          content: textResult(INTERRUPTED),
          isError: true,
        },
    );
    whole.push({ role: "tool", content: results });
  }
  return whole;
}
