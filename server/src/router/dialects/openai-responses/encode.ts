import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { Part } from "@slipway/contracts/model/request.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { AnswerFrame } from "../dialect.ts";
import { callItem, callSeal, itemId, messageItem, reasoningItem, textPart } from "./items.ts";
import { encodeResponse, statusOf } from "./response.ts";

/**
 * Whether seals of reasoning are part of the answer: where the client asked for them, and where nobody keeps the answer, for
 * then the client must bring them back.
 */
export function showsSeals(frame: AnswerFrame): boolean {
  const asked = frame.decoded.echo ?? {};
  return asked["sealed"] === true || asked["store"] === false;
}

/** Puts an answer's parts together as items. */
class Items {
  readonly items: JsonObject[] = [];
  readonly #responseId: string;
  readonly #sealed: boolean;
  #count = 0;
  #message: { readonly id: string; readonly phase: string | undefined; readonly content: JsonObject[] } | undefined;

  constructor(responseId: string, sealed: boolean) {
    this.#responseId = responseId;
    this.#sealed = sealed;
  }

  add(part: Part): void {
    switch (part.type) {
      case "text":
        return this.say(textPart(part), part.phase);
      case "reasoning":
        return this.#push(reasoningItem(this.#id("rs"), part, this.#sealed));
      case "tool_call": {
        // Ids are the same whether or not seals are shown: what is kept has them all.
        const seal = part.signature === undefined ? undefined : callSeal(this.#id("rs"), part);
        if (seal && this.#sealed) this.#push(seal);
        return this.#push(callItem(this.#id("fc"), part, "completed"));
      }
      case "native":
        if (part.family === "openai") this.#push(part.value);
        return;
      default:
        return;
    }
  }

  say(content: JsonObject, phase: string | undefined): void {
    if (this.#message && this.#message.phase === phase) {
      this.#message.content.push(content);
      return;
    }
    const message = { id: this.#id("msg"), phase, content: [content] };
    this.#push(messageItem(message.id, "completed", message.content, phase));
    this.#message = message;
  }

  #push(item: JsonObject): void {
    this.#message = undefined;
    this.items.push(item);
  }

  #id(prefix: string): string {
    this.#count += 1;
    return itemId(prefix, this.#responseId, this.#count);
  }
}

/** An answer as the items of `output`. */
function encodeOutput(answer: ModelAnswer, responseId: string, sealed: boolean): readonly JsonObject[] {
  const items = new Items(responseId, sealed);
  for (const part of answer.content) items.add(part);
  if (answer.refusal !== "") items.say({ type: "refusal", refusal: answer.refusal }, undefined);
  return items.items;
}

function encodeAnswer(answer: ModelAnswer, frame: AnswerFrame, sealed: boolean) {
  const output = encodeOutput(answer, frame.fallbackId, sealed);
  const { finishReason = "stop", model = frame.model, usage, refusal } = answer;
  const status = statusOf(finishReason, refusal !== "");
  return { output, response: encodeResponse(frame, { ...status, model, output, usage }) };
}

/** A whole answer as a `response` object. */
export function encode(answer: ModelAnswer, frame: AnswerFrame): unknown {
  return encodeAnswer(answer, frame, showsSeals(frame)).response;
}

/** The answer as it is kept: with every seal, and with the ids of its items, by which they may be named. */
export function encodeKept(
  answer: ModelAnswer,
  frame: AnswerFrame,
): { readonly response: JsonObject; readonly itemIds: readonly string[] } {
  const { output, response } = encodeAnswer(answer, frame, true);
  return { response, itemIds: output.flatMap(({ id }) => (typeof id === "string" ? [id] : [])) };
}
