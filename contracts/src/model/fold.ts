import type { FinishReason, ModelEvent, ReasoningEvent } from "./event.ts";
import type {
  Citation,
  FamilyFields,
  Message,
  NativePart,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
} from "./request.ts";
import type { Usage } from "./usage.ts";

type Open<T> = { -readonly [Key in keyof T]: T[Key] };

type OpenText = Omit<Open<TextPart>, "citations"> & { citations?: Citation[] };

/** A whole answer. */
export interface ModelAnswer {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly text: string;
  readonly reasoning: string;
  readonly reasoningSignature: string | undefined;
  readonly refusal: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finishReason: FinishReason | undefined;
  readonly stopSequence: string | undefined;
  readonly usage: Usage | undefined;
  readonly native: FamilyFields | undefined;
  /** Text, reasoning and tool calls in the order in which they came: providers that sign reasoning want it back so. */
  readonly content: readonly Part[];
}

/** Gathers events into the answer they make. */
export class AnswerFold {
  #id: string | undefined;
  #model: string | undefined;
  #text = "";
  #reasoning = "";
  #signature: string | undefined;
  #refusal = "";
  readonly #content: (OpenText | Open<ReasoningPart> | Open<ToolCallPart> | NativePart)[] = [];
  readonly #calls: Open<ToolCallPart>[] = [];
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;
  #stopSequence: string | undefined;
  #native: FamilyFields | undefined;
  /** The open piece of text is over; the next text is another part. */
  #textEnded = false;

  event(event: ModelEvent): void {
    switch (event.type) {
      case "start":
        this.#id = event.id ?? this.#id;
        this.#model = event.model ?? this.#model;
        return;
      case "text":
        this.#addText(event.text, event.phase);
        return;
      case "reasoning":
        this.#addReasoning(event);
        return;
      case "refusal":
        this.#refusal += event.text;
        return;
      case "tool_call_start": {
        const call: Open<ToolCallPart> = { type: "tool_call", id: event.id, name: event.name, arguments: "" };
        if (event.signature !== undefined) call.signature = event.signature;
        if (event.signedBy !== undefined) call.signedBy = event.signedBy;
        this.#calls[event.index] = call;
        this.#content.push(call);
        return;
      }
      case "tool_call_delta": {
        const call = this.#calls[event.index];
        if (call) call.arguments += event.arguments;
        return;
      }
      case "citation":
        this.#addCitation(event.citation);
        return;
      case "text_end":
        this.#textEnded = true;
        return;
      case "native":
        this.#content.push({ type: "native", family: event.family, value: event.value });
        return;
      case "finish":
        this.#reason = event.reason;
        this.#usage = event.usage;
        this.#stopSequence = event.stopSequence;
        this.#native = event.native;
    }
  }

  #addText(text: string, phase: string | undefined): void {
    this.#text += text;
    const last = this.#content.at(-1);
    if (last?.type === "text" && !this.#textEnded) last.text += text;
    else if (text !== "") {
      this.#textEnded = false;
      this.#content.push(phase === undefined ? { type: "text", text } : { type: "text", text, phase });
    }
  }

  // Anthropic names the sources of a block before the block's text.
  #addCitation(citation: Citation): void {
    let last = this.#content.at(-1);
    if (last?.type !== "text" || this.#textEnded) {
      this.#textEnded = false;
      last = { type: "text", text: "" };
      this.#content.push(last);
    }
    (last.citations ??= []).push(citation);
  }

  // A signature covers one piece of reasoning, so the piece after it is another part.
  #addReasoning(event: ReasoningEvent): void {
    this.#reasoning += event.text;
    this.#signature = event.signature ?? this.#signature;
    const last = this.#content.at(-1);
    let part: Open<ReasoningPart>;
    if (last?.type === "reasoning" && last.signature === undefined) part = last;
    else this.#content.push((part = { type: "reasoning", text: "" }));
    part.text += event.text;
    if (event.signature !== undefined) part.signature = event.signature;
    if (event.signedBy !== undefined) part.signedBy = event.signedBy;
  }

  /** The answer so far. */
  answer(): ModelAnswer {
    return {
      id: this.#id,
      model: this.#model,
      text: this.#text,
      reasoning: this.#reasoning,
      reasoningSignature: this.#signature,
      refusal: this.#refusal,
      toolCalls: this.#calls.filter(Boolean).map(({ id, name, arguments: text }) => ({ id, name, arguments: text })),
      finishReason: this.#reason,
      stopSequence: this.#stopSequence,
      usage: this.#usage,
      native: this.#native,
      content: this.#content.map((part) => ({ ...part })),
    };
  }
}

/** Folds a list of events into the answer they make. */
export function foldEvents(events: Iterable<ModelEvent>): ModelAnswer {
  const fold = new AnswerFold();
  for (const event of events) fold.event(event);
  return fold.answer();
}

/** The assistant message that a next request carries after this answer. */
export function answerMessage(answer: ModelAnswer): Message {
  if (answer.text !== "" || answer.refusal === "") return { role: "assistant", content: answer.content };
  return { role: "assistant", content: [...answer.content, { type: "text", text: answer.refusal }] };
}
