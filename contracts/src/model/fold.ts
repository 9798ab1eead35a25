import type { FinishReason, ModelEvent } from "./event.ts";
import type { Message, Part } from "./request.ts";
import type { Usage } from "./usage.ts";

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
  readonly usage: Usage | undefined;
}

/** Gathers events into the answer they make. */
export class AnswerFold {
  #id: string | undefined;
  #model: string | undefined;
  #text = "";
  #reasoning = "";
  #signature: string | undefined;
  #refusal = "";
  #calls: { id: string; name: string; arguments: string }[] = [];
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;

  event(event: ModelEvent): void {
    switch (event.type) {
      case "start":
        this.#id = event.id ?? this.#id;
        this.#model = event.model ?? this.#model;
        return;
      case "text":
        this.#text += event.text;
        return;
      case "reasoning":
        this.#reasoning += event.text;
        this.#signature = event.signature ?? this.#signature;
        return;
      case "refusal":
        this.#refusal += event.text;
        return;
      case "tool_call_start":
        this.#calls[event.index] = { id: event.id, name: event.name, arguments: "" };
        return;
      case "tool_call_delta": {
        const call = this.#calls[event.index];
        if (call) call.arguments += event.arguments;
        return;
      }
      case "finish":
        this.#reason = event.reason;
        this.#usage = event.usage;
    }
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
      toolCalls: this.#calls.filter(Boolean),
      finishReason: this.#reason,
      usage: this.#usage,
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
  const content: Part[] = [];
  if (answer.reasoning !== "") {
    content.push({
      type: "reasoning",
      text: answer.reasoning,
      ...(answer.reasoningSignature === undefined ? {} : { signature: answer.reasoningSignature }),
    });
  }
  const text = answer.text === "" ? answer.refusal : answer.text;
  if (text !== "") content.push({ type: "text", text });
  for (const call of answer.toolCalls) content.push({ type: "tool_call", ...call });
  return { role: "assistant", content };
}
