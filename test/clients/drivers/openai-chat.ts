import OpenAI from "openai";
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

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;

const TOOL = {
  type: "function" as const,
  function: { name: WEATHER.name, description: WEATHER.description, parameters: WEATHER.schema },
};

function read(answer: OpenAI.Chat.Completions.ChatCompletion): Answer {
  return {
    text: answer.choices[0]?.message.content ?? "",
    usage: [answer.usage?.prompt_tokens ?? 0, answer.usage?.completion_tokens ?? 0],
    stopped: answer.choices[0]?.finish_reason === "stop",
  };
}

class OpenAiChat implements Driver {
  readonly name = "openai, chat completions";
  readonly #place: Place;
  readonly #completions: OpenAI.Chat.Completions;

  constructor(place: Place) {
    this.#place = place;
    this.#completions = this.#open(place.apiKey).chat.completions;
  }

  #open(apiKey: string): OpenAI {
    return new OpenAI({ baseURL: `${this.#place.url}/v1`, apiKey, maxRetries: 0 });
  }

  #ask(content: string): { model: string; messages: Message[] } {
    return { model: this.#place.model, messages: [{ role: "user", content }] };
  }

  async chat(text: string): Promise<Answer> {
    return read(await this.#completions.create(this.#ask(text)));
  }

  async stream(text: string): Promise<Answer & { pieces: number }> {
    const { model, messages } = this.#ask(text);
    const stream = this.#completions.stream({
      model,
      messages: [{ role: "developer", content: SYSTEM }, ...messages],
      stream_options: { include_usage: true },
    });
    let pieces = 0;
    stream.on("content", () => (pieces += 1));
    return { ...read(await stream.finalChatCompletion()), pieces };
  }

  async useTool(text: string, result: string): Promise<ToolTurn> {
    const { model, messages } = this.#ask(text);
    const called = await this.#completions.stream({ model, messages, tools: [TOOL] }).finalChatCompletion();
    const message = called.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (!message || call?.type !== "function") throw new Error("no call");
    const second = await this.#completions.create({
      model,
      messages: [...messages, message, { role: "tool", tool_call_id: call.id, content: result }],
      tools: [TOOL],
    });
    return { name: call.function.name, input: JSON.parse(call.function.arguments) as unknown, text: read(second).text };
  }

  async structured(text: string): Promise<unknown> {
    const answer = await this.#completions.parse({
      ...this.#ask(text),
      response_format: { type: "json_schema", json_schema: { name: "city", schema: CITY_SCHEMA, strict: true } },
    });
    return JSON.parse(answer.choices[0]?.message.content ?? "") as unknown;
  }

  async image(text: string): Promise<string> {
    const url = `data:image/png;base64,${IMAGE}`;
    const content = [
      { type: "text" as const, text },
      { type: "image_url" as const, image_url: { url } },
    ];
    const { model } = this.#place;
    return read(await this.#completions.create({ model, messages: [{ role: "user", content }] })).text;
  }

  error(text: string, how: Failing = {}): Promise<Thrown> {
    const { completions } = this.#open(how.apiKey ?? this.#place.apiKey).chat;
    return thrownBy(() => completions.create({ ...this.#ask(text), model: how.model ?? this.#place.model }));
  }

  async abort(text: string): Promise<string> {
    const stream = await this.#completions.create({ ...this.#ask(text), stream: true });
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content ?? "";
      if (piece === "") continue;
      stream.controller.abort();
      return piece;
    }
    return "";
  }
}

/** The official `openai` client by Chat Completions. */
export function openaiChat(place: Place): Driver {
  return new OpenAiChat(place);
}
