import { type Content, FinishReason, type GenerateContentResponse, GoogleGenAI, type Tool } from "@google/genai";
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

const TOOLS: Tool[] = [
  {
    functionDeclarations: [
      { name: WEATHER.name, description: WEATHER.description, parametersJsonSchema: WEATHER.schema },
    ],
  },
];

function read(text: string, last: GenerateContentResponse | undefined): Answer {
  const usage = last?.usageMetadata;
  return {
    text,
    usage: [usage?.promptTokenCount ?? 0, usage?.candidatesTokenCount ?? 0],
    stopped: last?.candidates?.[0]?.finishReason === FinishReason.STOP,
  };
}

class GoogleGenAi implements Driver {
  readonly name = "@google/genai";
  readonly #place: Place;
  readonly #models: GoogleGenAI["models"];

  constructor(place: Place) {
    this.#place = place;
    this.#models = this.#open(place.apiKey).models;
  }

  #open(apiKey: string): GoogleGenAI {
    return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: this.#place.url, retryOptions: { attempts: 1 } } });
  }

  async chat(text: string): Promise<Answer> {
    const answer = await this.#models.generateContent({ model: this.#place.model, contents: text });
    return read(answer.text ?? "", answer);
  }

  async stream(text: string): Promise<Answer & { pieces: number }> {
    const stream = await this.#models.generateContentStream({
      model: this.#place.model,
      contents: text,
      config: { systemInstruction: SYSTEM },
    });
    let pieces = 0;
    let whole = "";
    let last: GenerateContentResponse | undefined;
    for await (const chunk of stream) {
      if (chunk.text) pieces += 1;
      whole += chunk.text ?? "";
      last = chunk;
    }
    return { ...read(whole, last), pieces };
  }

  async useTool(text: string, result: string): Promise<ToolTurn> {
    const { model } = this.#place;
    const config = { tools: TOOLS };
    const contents: Content[] = [{ role: "user", parts: [{ text }] }];
    for await (const chunk of await this.#models.generateContentStream({ model, contents, config })) {
      const content = chunk.candidates?.[0]?.content;
      if (content) contents.push(content);
    }
    const call = contents.flatMap(({ parts }) => parts ?? []).find((part) => part.functionCall)?.functionCall;
    if (!call?.id || !call.name) throw new Error("no call");
    const response = JSON.parse(result) as Record<string, unknown>;
    contents.push({ role: "user", parts: [{ functionResponse: { id: call.id, name: call.name, response } }] });
    const second = await this.#models.generateContent({ model, contents, config });
    return { name: call.name, input: call.args, text: second.text ?? "" };
  }

  async structured(text: string): Promise<unknown> {
    const answer = await this.#models.generateContent({
      model: this.#place.model,
      contents: text,
      config: { responseMimeType: "application/json", responseJsonSchema: CITY_SCHEMA },
    });
    return JSON.parse(answer.text ?? "") as unknown;
  }

  async image(text: string): Promise<string> {
    const parts = [{ text }, { inlineData: { mimeType: "image/png", data: IMAGE } }];
    const answer = await this.#models.generateContent({
      model: this.#place.model,
      contents: [{ role: "user", parts }],
    });
    return answer.text ?? "";
  }

  error(text: string, how: Failing = {}): Promise<Thrown> {
    const { models } = this.#open(how.apiKey ?? this.#place.apiKey);
    return thrownBy(() => models.generateContent({ model: how.model ?? this.#place.model, contents: text }));
  }

  async abort(text: string): Promise<string> {
    const leaving = new AbortController();
    const stream = await this.#models.generateContentStream({
      model: this.#place.model,
      contents: text,
      config: { abortSignal: leaving.signal },
    });
    for await (const chunk of stream) {
      if (!chunk.text) continue;
      leaving.abort();
      return chunk.text;
    }
    return "";
  }
}

/** The official `@google/genai`. */
export function googleGenAi(place: Place): Driver {
  return new GoogleGenAi(place);
}
