import Anthropic from "@anthropic-ai/sdk";
import {
  type Answer,
  CITY_SCHEMA,
  type Driver,
  type Failing,
  IMAGE,
  type Place,
  SYSTEM,
  type Thrown,
  type ToolTurn,
  WEATHER,
} from "../driver.ts";
import { thrownBy } from "./thrown.ts";

const TOOLS: Anthropic.Tool[] = [
  { name: WEATHER.name, description: WEATHER.description, input_schema: { ...WEATHER.schema, required: ["city"] } },
];

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

function read(message: Anthropic.Message): Answer {
  return {
    text: textOf(message),
    usage: [message.usage.input_tokens, message.usage.output_tokens],
    stopped: message.stop_reason === "end_turn",
  };
}

class AnthropicSdk implements Driver {
  readonly name = "@anthropic-ai/sdk";
  readonly #place: Place;
  readonly #messages: Anthropic.Messages;

  constructor(place: Place) {
    this.#place = place;
    this.#messages = this.#open(place.apiKey).messages;
  }

  #open(apiKey: string): Anthropic {
    return new Anthropic({ baseURL: this.#place.url, apiKey, maxRetries: 0 });
  }

  #ask(content: string): Anthropic.MessageCreateParamsNonStreaming {
    return { model: this.#place.model, max_tokens: 1000, messages: [{ role: "user", content }] };
  }

  async chat(text: string): Promise<Answer> {
    return read(await this.#messages.create(this.#ask(text)));
  }

  async stream(text: string): Promise<Answer & { pieces: number }> {
    const stream = this.#messages.stream({
      ...this.#ask(text),
      system: [{ type: "text", text: SYSTEM, cache_control: { type: "ephemeral" } }],
    });
    let pieces = 0;
    stream.on("text", () => (pieces += 1));
    return { ...read(await stream.finalMessage()), pieces };
  }

  async useTool(text: string, result: string): Promise<ToolTurn> {
    const ask = { ...this.#ask(text), tools: TOOLS };
    const called = await this.#messages.stream(ask).finalMessage();
    const call = called.content.find((block) => block.type === "tool_use");
    if (call?.type !== "tool_use") throw new Error("no call");
    const second = await this.#messages.create({
      ...ask,
      messages: [
        ...ask.messages,
        { role: "assistant", content: called.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: result }] },
      ],
    });
    return { name: call.name, input: call.input, text: textOf(second) };
  }

  async structured(text: string): Promise<unknown> {
    const format = { type: "json_schema" as const, schema: CITY_SCHEMA };
    return JSON.parse(
      textOf(await this.#messages.create({ ...this.#ask(text), output_config: { format } })),
    ) as unknown;
  }

  async image(text: string): Promise<string> {
    const content: Anthropic.ContentBlockParam[] = [
      { type: "text", text },
      { type: "image", source: { type: "base64", media_type: "image/png", data: IMAGE } },
    ];
    return textOf(await this.#messages.create({ ...this.#ask(text), messages: [{ role: "user", content }] }));
  }

  error(text: string, how: Failing = {}): Promise<Thrown> {
    const { messages } = this.#open(how.apiKey ?? this.#place.apiKey);
    return thrownBy(() => messages.create({ ...this.#ask(text), model: how.model ?? this.#place.model }));
  }

  async abort(text: string): Promise<string> {
    const stream = await this.#messages.create({ ...this.#ask(text), stream: true });
    for await (const event of stream) {
      if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") continue;
      stream.controller.abort();
      return event.delta.text;
    }
    return "";
  }
}

/** The official `@anthropic-ai/sdk`. */
export function anthropic(place: Place): Driver {
  return new AnthropicSdk(place);
}
