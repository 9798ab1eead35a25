import type { Run } from "@slipway/contracts/api/agents.ts";
import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";

/** One model call begins; `step` counts from 1. */
export interface StepStartEvent {
  readonly type: "step_start";
  readonly step: number;
}
/** A fragment of what the model says. */
export interface RunTextEvent {
  readonly type: "text";
  readonly text: string;
}
/** A fragment of the model's reasoning. */
export interface RunReasoningEvent {
  readonly type: "reasoning";
  readonly text: string;
}
/** A fragment of the model's refusal. */
export interface RunRefusalEvent {
  readonly type: "refusal";
  readonly text: string;
}
/** The model asked for a tool. `input` is what it wrote, parsed; its text where it is not JSON. */
export interface ToolCallEvent {
  readonly type: "tool_call";
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}
/** A tool answered or failed, in the order in which tools end. */
export interface ToolResultEvent {
  readonly type: "tool_result";
  readonly id: string;
  readonly name: string;
  /** What the tool answered; the text that tells the model of the failure when `isError`. */
  readonly output: unknown;
  readonly isError: boolean;
}
/** The step is over, its tools included, and is stored. */
export interface StepFinishEvent {
  readonly type: "step_finish";
  readonly step: number;
  readonly reason: FinishReason;
  readonly usage: Usage | undefined;
}
/** The last event of a run that gave an answer. */
export interface RunDoneEvent {
  readonly type: "done";
  readonly run: Run;
  readonly reason: FinishReason;
}
/** The last event of a run that gave none: it failed, or the caller stopped it (`client_closed_request`, status `cancelled`). */
export interface RunFailedEvent {
  readonly type: "failed";
  readonly run: Run;
  readonly error: SlipwayError;
}

/** What happens in a run, in order. The last event is `done` or `failed`, exactly one of them. */
export type RunEvent =
  | StepStartEvent
  | RunTextEvent
  | RunReasoningEvent
  | RunRefusalEvent
  | ToolCallEvent
  | ToolResultEvent
  | StepFinishEvent
  | RunDoneEvent
  | RunFailedEvent;

/** Takes the events of one run. Pushed, so that a fragment costs no promise. */
export interface RunListener {
  event(event: RunEvent): void;
}
