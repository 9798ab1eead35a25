import type { FinishEvent, FinishReason, ModelEvent, ReasoningEvent } from "@slipway/contracts/model/event.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { isWhole } from "../is-whole.ts";
import { Grounding } from "./grounding.ts";
import { encodeSignature } from "./signature.ts";

interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly signature: string | undefined;
  arguments: string;
}

/** How an answer ends, as fields of its last chunk, or of the whole. */
export interface EncodedEnd {
  /** Fields of the candidate besides its content. */
  readonly candidate: JsonObject;
  /** Fields of the answer besides its candidates. */
  readonly answer: JsonObject;
  /** The prompt was blocked, and there is no candidate. */
  readonly blocked: boolean;
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: "STOP",
  tool_calls: "STOP",
  length: "MAX_TOKENS",
  pause: "MAX_TOKENS",
  content_filter: "SAFETY",
  refusal: "SAFETY",
};

/** Gemini's usage: the prompt includes what was cached, and thoughts are counted beside the candidates. */
function encodeUsage(usage: Usage): JsonObject {
  const prompt = usage.input + usage.cachedRead + usage.cacheWrite;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: usage.output,
    totalTokenCount: prompt + usage.output + usage.reasoning,
    ...(usage.cachedRead === 0 ? {} : { cachedContentTokenCount: usage.cachedRead }),
    ...(usage.reasoning === 0 ? {} : { thoughtsTokenCount: usage.reasoning }),
  };
}

// The text of an object as it came, unless it has line breaks, which would end an event; undefined for anything else.
function argumentsText(text: string): string | undefined {
  if (text.trim() === "") return "{}";
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    return /[\r\n]/.test(text) ? JSON.stringify(value) : text;
  } catch {
    return undefined;
  }
}

/** Turns the events of one answer into Gemini's parts, as JSON text: one event may make none or several. */
export class PartEncoder {
  #calls: OpenCall[] = [];
  /** Google's signature stands with the part after the thoughts that it is over. */
  #signature: string | undefined;
  #text = "";
  #textStart = 0;
  #grounding: Grounding | undefined;
  #malformed: string | undefined;
  /** What came between the pieces of a call: a call is a part of its own, and whole. */
  #held: ModelEvent[] = [];

  /** The parts that this event completes, separated by commas; empty for none. */
  event(event: ModelEvent): string {
    if (this.#mustWait(event)) {
      this.#held.push(event);
      return "";
    }
    switch (event.type) {
      case "text":
      case "refusal":
        this.#text += event.text;
        return this.#after(this.#signed(`{"text":${JSON.stringify(event.text)}`));
      case "reasoning":
        return this.#after(this.#reasoning(event));
      case "tool_call_start": {
        const { id, name, signature, signedBy } = event;
        const packed = signature === undefined ? undefined : encodeSignature(signature, signedBy);
        this.#calls[event.index] = { id, name, signature: packed, arguments: "" };
        return "";
      }
      case "tool_call_delta": {
        const call = this.#calls[event.index];
        if (call) call.arguments += event.arguments;
        return this.#held.length === 0 ? "" : this.#release(false);
      }
      case "native":
        this.#textStart = this.#text.length;
        return event.family === "google" ? this.#after(JSON.stringify(event.value)) : "";
      case "citation":
        (this.#grounding ??= new Grounding()).add(event.citation, this.#textStart);
        return "";
      case "text_end":
        this.#textStart = this.#text.length;
        return "";
      case "start":
        return "";
      case "finish": {
        const held = this.#held.length === 0 ? "" : this.#release(true);
        const last = this.#after(this.#signature === undefined ? "" : this.#signed('{"text":""'));
        return held === "" || last === "" ? held + last : `${held},${last}`;
      }
    }
  }

  /** How the answer ends; after the finish event. */
  end({ reason, usage, native }: FinishEvent): EncodedEnd {
    const details = native?.family === "google" ? native.fields : {};
    const { candidate: theirs, usageMetadata, ...rest } = details;
    const { finishReason: said, ...candidate } = isObject(theirs) ? theirs : {};
    const grounding = this.#grounding?.metadata(this.#text);
    const ours = REASONS[reason];
    const counted = isObject(usageMetadata) ? usageMetadata : usage && encodeUsage(usage);
    return {
      candidate: {
        finishReason:
          this.#malformed === undefined ? (ours === "STOP" ? ours : (said ?? ours)) : "MALFORMED_FUNCTION_CALL",
        ...(this.#malformed === undefined ? {} : { finishMessage: this.#malformed }),
        ...(grounding === undefined ? {} : { groundingMetadata: grounding }),
        ...candidate,
      },
      answer: { ...rest, ...(counted ? { usageMetadata: counted } : {}) },
      blocked: isObject(rest["promptFeedback"]) && said === undefined,
    };
  }

  #mustWait(event: ModelEvent): boolean {
    const waits = this.#held.length > 0;
    switch (event.type) {
      case "tool_call_delta":
        return waits && this.#calls[event.index] === undefined;
      case "tool_call_start":
        return waits;
      case "start":
      case "finish":
        return false;
      default:
        return waits || this.#unfinished();
    }
  }

  #unfinished(): boolean {
    return this.#calls.length > 0 && this.#calls.some(({ arguments: text }) => !isWhole(text));
  }

  /** The parts of what was held, as soon as nothing is in its way; `last`: whatever is, for nothing more will come of it. */
  #release(last: boolean): string {
    const parts: string[] = [];
    while (this.#held.length > 0) {
      if (last) parts.push(this.#after(""));
      else if (this.#unfinished()) break;
      const held = this.#held;
      this.#held = [];
      for (const event of held) parts.push(this.event(event));
    }
    return parts.filter((part) => part !== "").join(",");
  }

  // Calls are whole when something else follows them.
  #after(part: string): string {
    if (this.#calls.length === 0) return part;
    const calls = this.#calls;
    this.#calls = [];
    this.#textStart = this.#text.length;
    const parts = calls.flatMap((call) => this.#call(call) ?? []);
    return (part === "" ? parts : [...parts, part]).join(",");
  }

  #call({ id, name, signature, arguments: text }: OpenCall): string | undefined {
    const args = argumentsText(text);
    if (args === undefined) {
      this.#malformed = `The arguments of the call of ${name} are no JSON object: ${text.slice(0, 500)}`;
      return undefined;
    }
    const call = `{"functionCall":{"id":${JSON.stringify(id)},"name":${JSON.stringify(name)},"args":${args}}`;
    if (signature === undefined) return this.#signed(call);
    return `${call},"thoughtSignature":${JSON.stringify(signature)}}`;
  }

  #reasoning({ text, signature, signedBy }: ReasoningEvent): string {
    this.#textStart = this.#text.length;
    const foreign = signature !== undefined && (signedBy ?? "google") !== "google";
    if (signature !== undefined && !foreign) this.#signature = signature;
    if (text === "" && !foreign) return "";
    const thought = `{"text":${JSON.stringify(text)},"thought":true`;
    return foreign
      ? `${thought},"thoughtSignature":${JSON.stringify(encodeSignature(signature, signedBy))}}`
      : `${thought}}`;
  }

  #signed(part: string): string {
    const signature = this.#signature;
    if (signature === undefined) return `${part}}`;
    this.#signature = undefined;
    return `${part},"thoughtSignature":${JSON.stringify(signature)}}`;
  }
}
