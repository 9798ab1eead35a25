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

const TOOL = {
  type: "function" as const,
  name: WEATHER.name,
  description: WEATHER.description,
  parameters: WEATHER.schema,
  strict: true,
};

function read(answer: OpenAI.Responses.Response): Answer {
  return {
    text: answer.output_text,
    usage: [answer.usage?.input_tokens ?? 0, answer.usage?.output_tokens ?? 0],
    stopped: answer.status === "completed",
  };
}

class OpenAiResponses implements Driver {
  readonly name = "openai, responses";
  readonly #place: Place;
  readonly #responses: OpenAI.Responses;

  constructor(place: Place) {
    this.#place = place;
    this.#responses = this.#open(place.apiKey).responses;
  }

  #open(apiKey: string): OpenAI {
    return new OpenAI({ baseURL: `${this.#place.url}/v1`, apiKey, maxRetries: 0 });
  }

  async chat(input: string): Promise<Answer> {
    return read(await this.#responses.create({ model: this.#place.model, input }));
  }

  async stream(input: string): Promise<Answer & { pieces: number }> {
    const stream = this.#responses.stream({ model: this.#place.model, instructions: SYSTEM, input });
    let pieces = 0;
    stream.on("response.output_text.delta", () => (pieces += 1));
    return { ...read(await stream.finalResponse()), pieces };
  }

  async useTool(input: string, output: string): Promise<ToolTurn> {
    const ask = { model: this.#place.model, tools: [TOOL] };
    const called = await this.#responses.stream({ ...ask, input }).finalResponse();
    const call = called.output.find((item) => item.type === "function_call");
    if (call?.type !== "function_call") throw new Error("no call");
    // The answer is gone on from: nothing of the first turn is sent again.
    const second = await this.#responses.create({
      ...ask,
      previous_response_id: called.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output }],
    });
    return { name: call.name, input: JSON.parse(call.arguments) as unknown, text: second.output_text };
  }

  async structured(input: string): Promise<unknown> {
    const format = { type: "json_schema" as const, name: "city", schema: CITY_SCHEMA, strict: true };
    const answer = await this.#responses.parse({ model: this.#place.model, input, text: { format } });
    return JSON.parse(answer.output_text) as unknown;
  }

  async image(text: string): Promise<string> {
    const content: OpenAI.Responses.ResponseInputContent[] = [
      { type: "input_text", text },
      { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${IMAGE}` },
    ];
    const { model } = this.#place;
    return read(await this.#responses.create({ model, input: [{ role: "user", content }] })).text;
  }

  error(input: string, how: Failing = {}): Promise<Thrown> {
    const { responses } = this.#open(how.apiKey ?? this.#place.apiKey);
    return thrownBy(() => responses.create({ model: how.model ?? this.#place.model, input }));
  }

  async abort(input: string): Promise<string> {
    const stream = await this.#responses.create({ model: this.#place.model, input, stream: true });
    for await (const event of stream) {
      if (event.type !== "response.output_text.delta") continue;
      stream.controller.abort();
      return event.delta;
    }
    return "";
  }
}

/** The official `openai` client by Responses. */
export function openaiResponses(place: Place): Driver {
  return new OpenAiResponses(place);
}
