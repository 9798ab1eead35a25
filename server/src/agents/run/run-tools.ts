import type { ToolContext } from "@slipway/contracts/agent.ts";
import type { ConversationMessage } from "#memory/content.ts";
import { type ToolCallPart, textResult } from "@slipway/contracts/model/request.ts";
import type { LoadedTool } from "../registry/loaded-agent.ts";
import { readToolInput, runFunctionTool, type ToolInput } from "../tools/function.ts";
import { failure, type ToolOutcome } from "../tools/outcome.ts";
import type { RunEvent } from "./run-event.ts";

/** Bounds of the tools of one step. */
export interface ToolBounds {
  /** Milliseconds that one tool may take. */
  readonly timeoutMs: number;
  /** Tools that run at once. */
  readonly concurrency: number;
  /** Calls that one answer may make; more are refused without being run. */
  readonly maxCalls: number;
}

/** What the tools of one step need. */
export interface ToolStep {
  readonly tools: ReadonlyMap<string, LoadedTool>;
  readonly context: ToolContext;
  readonly bounds: ToolBounds;
  readonly emit: (event: RunEvent) => void;
  readonly onThrow: (tool: string, thrown: unknown) => void;
}

/** The message that answers every one of the calls. */
function resultMessage(calls: readonly ToolCallPart[], outcomes: readonly ToolOutcome[]): ConversationMessage {
  return {
    role: "tool",
    content: calls.map((call, at) => {
      const outcome = outcomes[at] ?? failure("The tool was not run.");
      return {
        type: "tool_result",
        toolCallId: call.id,
        name: call.name,
        content: textResult(outcome.text),
        ...(outcome.isError ? { isError: true } : {}),
      };
    }),
  };
}

async function outcomeOf(step: ToolStep, call: ToolCallPart, input: ToolInput, at: number): Promise<ToolOutcome> {
  const { timeoutMs, maxCalls } = step.bounds;
  if (at >= maxCalls) return failure(`The tool was not run: an answer may make at most ${maxCalls} calls.`);
  if (!input.ok) return input.outcome;
  const onThrow = (thrown: unknown) => step.onThrow(call.name, thrown);
  return runFunctionTool({ run: input.run, context: step.context, timeoutMs, onThrow });
}

/** Runs the calls of one answer, so many at once, and answers the message for the model. Never rejects. */
export async function runTools(step: ToolStep, calls: readonly ToolCallPart[]): Promise<ConversationMessage> {
  const read = await Promise.all(calls.map(async (call) => ({ call, input: await readToolInput(call, step.tools) })));
  for (const { call, input } of read)
    step.emit({ type: "tool_call", id: call.id, name: call.name, input: input.value });
  const outcomes: ToolOutcome[] = [];
  const waiting = read.entries();
  const worker = async () => {
    for (const [at, { call, input }] of waiting) {
      const outcome = await outcomeOf(step, call, input, at);
      outcomes[at] = outcome;
      const { output, isError } = outcome;
      step.emit({ type: "tool_result", id: call.id, name: call.name, output, isError });
    }
  };
  await Promise.all(Array.from({ length: Math.min(step.bounds.concurrency, calls.length) }, worker));
  return resultMessage(calls, outcomes);
}

/** The message that tells of calls that were not run at all, and why. */
export function refuseTools(calls: readonly ToolCallPart[], why: string): ConversationMessage {
  const outcome = failure(why);
  return resultMessage(
    calls,
    calls.map(() => outcome),
  );
}
