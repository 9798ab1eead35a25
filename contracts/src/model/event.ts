import type { SlipwayError } from "../errors.ts";
import type { Citation, FamilyFields, WireFamily } from "./request.ts";
import type { Usage } from "./usage.ts";

/** Why the model stopped. `pause`: the turn is unfinished and can be continued (Anthropic, Google). */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "refusal" | "pause";

/** The first event of an answer; what the provider called it. */
export interface StartEvent {
  readonly type: "start";
  readonly id?: string;
  /** The model that the provider says has answered. */
  readonly model?: string;
  /** Figures that the provider gives before its last ones: the prompt's are whole, the answer's are what there is so far. */
  readonly usage?: Usage;
}
export interface TextEvent {
  readonly type: "text";
  readonly text: string;
  /** Of the piece that begins here; see `TextPart`. */
  readonly phase?: string;
}
/** A piece of reasoning. A signature closes the piece that it is over; it may come alone, with empty text. */
export interface ReasoningEvent {
  readonly type: "reasoning";
  readonly text: string;
  readonly signature?: string;
  /** Whose signature it is. */
  readonly signedBy?: WireFamily;
}
/** A source of the text that came before it in the same piece of text. */
export interface CitationEvent {
  readonly type: "citation";
  readonly citation: Citation;
}
/**
 * A piece of text ends here and the next one is another part of the answer. Only where the provider's own blocks carry meaning
 * (citations belong to one block); a dialect without blocks passes it over.
 */
export interface TextEndEvent {
  readonly type: "text_end";
}
/** A block of the provider's family that has no word in ours; see `NativePart` of the request. Whole, never in pieces. */
export interface NativeEvent {
  readonly type: "native";
  readonly family: WireFamily;
  readonly value: Readonly<Record<string, unknown>>;
}
export interface RefusalEvent {
  readonly type: "refusal";
  readonly text: string;
}
/** A tool call begins; `index` counts the calls of this answer from 0. */
export interface ToolCallStartEvent {
  readonly type: "tool_call_start";
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** A signature that must come back with the call (Google). */
  readonly signature?: string;
  readonly signedBy?: WireFamily;
}
/** A fragment of the JSON text of a call's arguments. */
export interface ToolCallDeltaEvent {
  readonly type: "tool_call_delta";
  readonly index: number;
  readonly arguments: string;
}
/** The last event of a whole answer. An answer without one is broken. */
export interface FinishEvent {
  readonly type: "finish";
  readonly reason: FinishReason;
  /** Absent when the provider gave no figures. */
  readonly usage?: Usage;
  /** Which of the request's stop sequences was met, where the provider says it. */
  readonly stopSequence?: string;
  /** What else the provider says of the whole answer, in its own words, for a dialect of its family. */
  readonly native?: FamilyFields;
}

/** What a model's answer is made of, streamed or not: an answer that is not streamed is the same events at once. */
export type ModelEvent =
  | StartEvent
  | TextEvent
  | ReasoningEvent
  | RefusalEvent
  | CitationEvent
  | TextEndEvent
  | NativeEvent
  | ToolCallStartEvent
  | ToolCallDeltaEvent
  | FinishEvent;

/**
 * Takes the events of one answer. After `end` or `fail`, exactly one of which is called once, nothing follows.
 * Pushed, not pulled, so that a chunk costs no promise.
 */
export interface ModelEventSink {
  event(event: ModelEvent): void;
  /** The answer is whole: a finish event came before. */
  end(): void;
  fail(error: SlipwayError): void;
}

/** A running answer, as seen by whoever asked for it. */
export interface ModelCall {
  /** Stops the upstream at once; the sink hears nothing more. Safe to call at any time and twice. */
  abort(): void;
  /** Asks the source to hold back while the client is slow to read. */
  pause(): void;
  resume(): void;
}
