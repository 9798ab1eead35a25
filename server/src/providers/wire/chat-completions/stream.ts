import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import type { ModelEventOutput, StreamDecoder } from "../../codec.ts";
import { failureError } from "../failure.ts";
import { arrayOf, objectOf, parseEvent, textOf } from "../json.ts";
import { TextTemplate } from "../text-template.ts";
import { decodeAnnotation } from "./annotations.ts";
import { decodeStreamError } from "./errors.ts";
import { decodeFinish } from "./finish.ts";
import type { ChatCompletionsOptions } from "./options.ts";
import { ToolCallAssembly } from "./tool-calls.ts";
import { decodeUsage } from "./usage.ts";

const PLAIN_DELTA: ReadonlySet<string> = new Set(["content", "role"]);

/** The text of a chunk that says nothing else: no usage, no end, one choice, nothing but text in its delta. */
function onlyText(chunk: JsonObject): string | undefined {
  const choices = arrayOf(chunk["choices"]);
  const choice = objectOf(choices[0]);
  if (choices.length !== 1 || choice["finish_reason"] != null || chunk["usage"] != null) return undefined;
  if (choice["index"] !== undefined && choice["index"] !== 0) return undefined;
  const delta = objectOf(choice["delta"]);
  for (const field in delta) if (!PLAIN_DELTA.has(field) && delta[field] !== null) return undefined;
  return textOf(delta["content"]);
}

/** Decodes `chat.completion.chunk` events. A whole answer is decoded as one chunk whose delta is the message. */
export class ChatCompletionsStream implements StreamDecoder {
  readonly #options: ChatCompletionsOptions;
  readonly #output: ModelEventOutput;
  readonly #template = new TextTemplate();
  #calls: ToolCallAssembly | undefined;
  #started = false;
  #refused = false;
  #finished = false;
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;

  constructor(options: ChatCompletionsOptions, output: ModelEventOutput) {
    this.#options = options;
    this.#output = output;
  }

  event(data: string, event: string): boolean {
    if (data === "[DONE]") {
      this.#reason ??= "stop";
      this.end();
      return true;
    }
    const known = event === "message" ? this.#template.match(data) : undefined;
    if (known !== undefined) {
      if (known !== "") this.#output.event({ type: "text", text: known });
      return false;
    }
    const chunk = parseEvent(this.#options.provider, data);
    if (event === "error" && chunk["error"] === undefined) throw decodeStreamError(this.#options, chunk);
    this.chunk(chunk);
    const text = this.#started ? onlyText(chunk) : undefined;
    if (text !== undefined) this.#template.learn(data, text);
    return false;
  }

  end(): void {
    if (this.#finished) return;
    if (this.#reason === undefined) {
      throw new SlipwayError(
        "provider_stream_broken",
        `The provider ${this.#options.provider} ended the stream before the answer was whole.`,
      );
    }
    this.#finished = true;
    this.#calls?.end();
    const usage = this.#usage;
    this.#output.event(
      usage
        ? { type: "finish", reason: this.#finishReason(), usage }
        : { type: "finish", reason: this.#finishReason() },
    );
  }

  /** Takes one chunk, its JSON already parsed. */
  chunk(chunk: JsonObject): void {
    if (chunk["error"] != null) throw decodeStreamError(this.#options, chunk);
    const usage = chunk["usage"];
    if (isObject(usage)) this.#usage = decodeUsage(usage);
    for (const choice of arrayOf(chunk["choices"])) {
      if (!isObject(choice) || (typeof choice["index"] === "number" && choice["index"] !== 0)) continue;
      if (!this.#started) this.#start(chunk);
      this.#delta(objectOf(choice["delta"] ?? choice["message"]));
      this.#end(choice);
    }
  }

  #end(choice: JsonObject): void {
    const said = textOf(choice["finish_reason"]);
    if (said === undefined) return;
    const reason = decodeFinish(said);
    if (reason === "failed") throw decodeStreamError(this.#options, choice);
    if (reason === "unusable") {
      const message = `The model's answer ended with ${said.slice(0, 100)}.`;
      throw failureError({ provider: this.#options.provider, kind: reason, message, usage: this.#usage });
    }
    this.#reason = reason;
  }

  #start(chunk: JsonObject): void {
    this.#started = true;
    const id = textOf(chunk["id"]);
    const model = textOf(chunk["model"]);
    this.#output.event({
      type: "start",
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
    });
  }

  #delta(delta: JsonObject): void {
    // DeepSeek, llama.cpp and older vLLM say `reasoning_content`; OpenRouter, Ollama and newer vLLM say `reasoning`.
    const reasoning = textOf(delta["reasoning_content"]) ?? textOf(delta["reasoning"]);
    if (reasoning !== undefined) this.#output.event({ type: "reasoning", text: reasoning });
    const content = delta["content"];
    if (typeof content === "string") {
      if (content !== "") this.#output.event({ type: "text", text: content });
    } else if (Array.isArray(content)) this.#parts(content);
    const refusal = textOf(delta["refusal"]);
    if (refusal !== undefined) {
      this.#refused = true;
      this.#output.event({ type: "refusal", text: refusal });
    }
    for (const annotation of arrayOf(delta["annotations"])) {
      const citation = decodeAnnotation(annotation);
      if (citation) this.#output.event({ type: "citation", citation });
    }
    // vLLM puts an empty list into answers without a call.
    const calls = arrayOf(delta["tool_calls"]);
    if (calls.length > 0) {
      this.#calls ??= new ToolCallAssembly(this.#options.provider, this.#output);
      this.#calls.add(calls);
    }
  }

  // Mistral's reasoning models give content as parts: `{type: "thinking", thinking: [{type: "text", text}]}` and texts.
  #parts(parts: readonly unknown[]): void {
    for (const part of parts) {
      const { type, text, thinking } = objectOf(part);
      const plain = textOf(text);
      if (type === "text" && plain !== undefined) this.#output.event({ type: "text", text: plain });
      if (type !== "thinking") continue;
      for (const piece of arrayOf(thinking)) {
        const thought = textOf(objectOf(piece)["text"]);
        if (thought !== undefined) this.#output.event({ type: "reasoning", text: thought });
      }
    }
  }

  // Some upstreams end tool calls with `stop`, and OpenAI itself ends refusals so; others say `tool_calls` and give none.
  #finishReason(): FinishReason {
    if (this.#reason !== "stop" && this.#reason !== "tool_calls") return this.#reason ?? "stop";
    if (this.#calls !== undefined) return "tool_calls";
    return this.#refused ? "refusal" : "stop";
  }
}
