import type { ReasoningEvent, ToolCallStartEvent } from "@slipway/contracts/model/event.ts";
import type { Citation } from "@slipway/contracts/model/request.ts";
import type { JsonObject } from "#lib/shape.ts";
import { isWhole } from "../is-whole.ts";
import { annotationOf, callItem, callSeal, itemId, messageItem, outputText, reasoningItem } from "./items.ts";

interface OpenText {
  text: string;
  readonly annotations: unknown[];
  /** Sources that wait for the end of their piece, which is the span that they support. */
  readonly waiting: Citation[];
}

interface OpenMessage {
  readonly id: string;
  readonly index: number;
  readonly phase: string | undefined;
  readonly content: JsonObject[];
  text: OpenText | undefined;
  refusal: string | undefined;
}

interface OpenReasoning {
  readonly id: string;
  readonly index: number;
  text: string;
  hasPart: boolean;
}

interface OpenCall {
  readonly id: string;
  readonly index: number;
  readonly call: { readonly id: string; readonly name: string; arguments: string };
}

/**
 * Writes an answer's items: added, grown, done. Calls may be open beside each other and beside what comes after them, for each
 * of their events names its item; everything else is closed before the next item begins.
 */
export class ItemWriter {
  /** Items that are over; the places of those that are still open are empty. */
  readonly #items: (JsonObject | undefined)[] = [];
  readonly #responseId: string;
  readonly #sealed: boolean;
  readonly #calls = new Map<number, OpenCall>();
  #sequence = 0;
  #count = 0;
  #message: OpenMessage | undefined;
  #reasoning: OpenReasoning | undefined;
  /** What every text delta of the open piece begins with. */
  #textHead = "";

  constructor(responseId: string, sealed: boolean) {
    this.#responseId = responseId;
    this.#sealed = sealed;
  }

  /** The items that are over, in order. */
  get done(): readonly JsonObject[] {
    return this.#items.filter((item) => item !== undefined);
  }

  /** One event of the stream, with its number. */
  write(type: string, fields: JsonObject): string {
    const data = JSON.stringify({ type, sequence_number: this.#sequence, ...fields });
    this.#sequence += 1;
    return `event: ${type}\ndata: ${data}\n\n`;
  }

  text(text: string, phase: string | undefined): string {
    let out = "";
    if (this.#message?.text === undefined) {
      if (text === "") return "";
      out = this.#openText(phase);
    }
    const open = this.#message?.text;
    if (open) open.text += text;
    out += `${this.#textHead}${this.#sequence},"delta":${JSON.stringify(text)}}\n\n`;
    this.#sequence += 1;
    return out;
  }

  citation(citation: Citation): string {
    const opening = this.#message?.text === undefined ? this.#openText(undefined) : "";
    this.#message?.text?.waiting.push(citation);
    return opening;
  }

  refusal(text: string): string {
    let out = this.endText();
    if (!this.#message || this.#message.phase !== undefined) {
      out += this.#closeSaid() + this.#closeWholeCalls();
      out += this.#addMessage(this.#openMessage(undefined));
    }
    const open = this.#message;
    if (!open) return out;
    const at = { item_id: open.id, output_index: open.index, content_index: open.content.length };
    if (open.refusal === undefined) {
      out += this.write("response.content_part.added", { ...at, part: { type: "refusal", refusal: "" } });
    }
    open.refusal = (open.refusal ?? "") + text;
    return out + this.write("response.refusal.delta", { ...at, delta: text });
  }

  /** Ends the open piece of text; the message stays open. */
  endText(): string {
    const message = this.#message;
    const open = message?.text;
    if (!message || !open) return "";
    message.text = undefined;
    const at = { item_id: message.id, output_index: message.index, content_index: message.content.length };
    let out = "";
    for (const citation of open.waiting) {
      const annotation = annotationOf(citation, 0, open.text.length);
      if (annotation === undefined) continue;
      const place = { ...at, annotation_index: open.annotations.length, annotation };
      open.annotations.push(annotation);
      out += this.write("response.output_text.annotation.added", place);
    }
    const part = outputText(open.text, open.annotations);
    message.content.push(part);
    out += this.write("response.output_text.done", { ...at, text: open.text, logprobs: [] });
    return out + this.write("response.content_part.done", { ...at, part });
  }

  reasoning(event: ReasoningEvent): string {
    const { text, signature } = event;
    let out = "";
    if (!this.#reasoning) {
      out = this.#closeSaid();
      const index = this.#items.push(undefined) - 1;
      this.#reasoning = { id: this.#id("rs"), index, text: "", hasPart: false };
      out += this.write("response.output_item.added", {
        output_index: index,
        item: reasoningItem(this.#reasoning.id, { text: "" }, false),
      });
    }
    if (text !== "") out += this.#reasoningText(this.#reasoning, text);
    // A signature closes the piece that it is over.
    return signature === undefined ? out : out + this.#closeReasoning(event);
  }

  startCall(event: ToolCallStartEvent): string {
    let out = this.#closeSaid() + this.#closeWholeCalls();
    if (event.signature !== undefined) out += this.#sealOf(event);
    const index = this.#items.push(undefined) - 1;
    const open: OpenCall = {
      id: this.#id("fc"),
      index,
      call: { id: event.id, name: event.name, arguments: "" },
    };
    this.#calls.set(event.index, open);
    const item = callItem(open.id, open.call, "in_progress");
    out += this.write("response.output_item.added", { output_index: index, item });
    return out;
  }

  arguments(index: number, json: string): string {
    const open = this.#calls.get(index);
    if (!open || json === "") return "";
    open.call.arguments += json;
    const at = { item_id: open.id, output_index: open.index };
    return this.write("response.function_call_arguments.delta", { ...at, delta: json });
  }

  native(value: JsonObject): string {
    const out = this.#closeSaid() + this.#closeWholeCalls();
    const index = this.#items.push(value) - 1;
    return (
      out +
      this.write("response.output_item.added", { output_index: index, item: { ...value, status: "in_progress" } }) +
      this.write("response.output_item.done", { output_index: index, item: value })
    );
  }

  /** A block that has no place in this format: what was open beside it is another piece after it. */
  passOver(): string {
    return (this.#reasoning ? this.#closeReasoning({ text: "" }) : "") + this.endText();
  }

  /** Ends everything that is open. */
  finish(): string {
    let out = this.#closeSaid();
    for (const [index, open] of this.#calls) out += this.#closeCall(index, open);
    return out;
  }

  #openText(phase: string | undefined): string {
    let out = "";
    const message = this.#message;
    if (!message || message.refusal !== undefined || message.phase !== phase) {
      out = this.#closeSaid() + this.#closeWholeCalls();
      const opened = this.#openMessage(phase);
      out += this.#addMessage(opened);
    }
    const open = this.#message;
    if (!open) return out;
    open.text = { text: "", annotations: [], waiting: [] };
    const at = { item_id: open.id, output_index: open.index, content_index: open.content.length };
    this.#textHead =
      `event: response.output_text.delta\ndata: {"type":"response.output_text.delta",` +
      `${JSON.stringify({ ...at, logprobs: [] }).slice(1, -1)},"sequence_number":`;
    return out + this.write("response.content_part.added", { ...at, part: outputText("", []) });
  }

  #openMessage(phase: string | undefined): OpenMessage {
    const index = this.#items.push(undefined) - 1;
    const id = this.#id("msg");
    return (this.#message = { id, index, phase, content: [], text: undefined, refusal: undefined });
  }

  #addMessage(message: OpenMessage): string {
    const item = messageItem(message.id, "in_progress", [], message.phase);
    return this.write("response.output_item.added", { output_index: message.index, item });
  }

  #closeSaid(): string {
    let out = this.#reasoning ? this.#closeReasoning({ text: "" }) : "";
    const message = this.#message;
    if (!message) return out;
    out += this.endText();
    if (message.refusal !== undefined) {
      const at = { item_id: message.id, output_index: message.index, content_index: message.content.length };
      const part = { type: "refusal", refusal: message.refusal };
      message.content.push(part);
      out += this.write("response.refusal.done", { ...at, refusal: message.refusal });
      out += this.write("response.content_part.done", { ...at, part });
    }
    this.#message = undefined;
    return out + this.#done(message.index, messageItem(message.id, "completed", message.content, message.phase));
  }

  #reasoningText(open: OpenReasoning, text: string): string {
    const at = { item_id: open.id, output_index: open.index, summary_index: 0 };
    const part = { type: "summary_text", text: "" };
    const opening = open.hasPart ? "" : this.write("response.reasoning_summary_part.added", { ...at, part });
    open.hasPart = true;
    open.text += text;
    return opening + this.write("response.reasoning_summary_text.delta", { ...at, delta: text });
  }

  #closeReasoning(event: Pick<ReasoningEvent, "text" | "signature" | "signedBy">): string {
    const open = this.#reasoning;
    if (!open) return "";
    this.#reasoning = undefined;
    const { text } = open;
    let out = "";
    if (open.hasPart) {
      const at = { item_id: open.id, output_index: open.index, summary_index: 0 };
      out += this.write("response.reasoning_summary_text.done", { ...at, text });
      out += this.write("response.reasoning_summary_part.done", { ...at, part: { type: "summary_text", text } });
    }
    return out + this.#done(open.index, reasoningItem(open.id, { ...event, text }, this.#sealed));
  }

  // Ids are the same whether or not seals are shown: what is kept has them all.
  #sealOf(event: ToolCallStartEvent): string {
    const item = callSeal(this.#id("rs"), event);
    if (!item || !this.#sealed) return "";
    const index = this.#items.push(undefined) - 1;
    const added = { output_index: index, item: reasoningItem(String(item["id"]), { text: "" }, false) };
    return this.write("response.output_item.added", added) + this.#done(index, item);
  }

  #closeWholeCalls(): string {
    let out = "";
    for (const [index, open] of this.#calls) if (isWhole(open.call.arguments)) out += this.#closeCall(index, open);
    return out;
  }

  #closeCall(index: number, open: OpenCall): string {
    this.#calls.delete(index);
    const at = { item_id: open.id, output_index: open.index };
    const done = this.write("response.function_call_arguments.done", { ...at, arguments: open.call.arguments });
    return done + this.#done(open.index, callItem(open.id, open.call, "completed"));
  }

  #id(prefix: string): string {
    this.#count += 1;
    return itemId(prefix, this.#responseId, this.#count);
  }

  #done(index: number, item: JsonObject): string {
    this.#items[index] = item;
    return this.write("response.output_item.done", { output_index: index, item });
  }
}
