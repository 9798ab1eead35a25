import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, type LanguageModel, Output, stepCountIs, streamText, tool } from "ai";
import { CITY_SCHEMA, type Driver, type Failing, IMAGE, type Place, SYSTEM, WEATHER } from "../driver.ts";
import { thrownBy } from "./thrown.ts";

/** Vercel's `ai` over any of its providers; `open` makes the model of one. */
function vercelAi(name: string, place: Place, open: (how: Required<Failing>) => LanguageModel): Driver {
  const model = open({ apiKey: place.apiKey, model: place.model });
  const settings = { model, maxRetries: 0 };
  return {
    name: `ai, ${name}`,
    async chat(prompt) {
      const { text, usage, finishReason } = await generateText({ ...settings, prompt });
      return { text, usage: [usage.inputTokens ?? 0, usage.outputTokens ?? 0], stopped: finishReason === "stop" };
    },
    async stream(prompt) {
      const result = streamText({ ...settings, instructions: SYSTEM, prompt });
      let pieces = 0;
      for await (const _ of result.textStream) pieces += 1;
      const usage = await result.usage;
      return {
        text: await result.text,
        usage: [usage.inputTokens ?? 0, usage.outputTokens ?? 0],
        stopped: (await result.finishReason) === "stop",
        pieces,
      };
    },
    async useTool(prompt, result) {
      const calls: { name: string; input: unknown }[] = [];
      const weather = tool({
        description: WEATHER.description,
        inputSchema: jsonSchema<{ city: string }>({ ...WEATHER.schema, required: ["city"] }),
        execute(input) {
          calls.push({ name: WEATHER.name, input });
          return JSON.parse(result) as unknown;
        },
      });
      const run = streamText({ ...settings, prompt, tools: { [WEATHER.name]: weather }, stopWhen: stepCountIs(3) });
      await run.consumeStream();
      const [call] = calls;
      if (!call) throw new Error("no call");
      return { ...call, text: await run.text };
    },
    async structured(prompt) {
      const schema = jsonSchema<{ city: string; people: number }>({ ...CITY_SCHEMA, required: ["city", "people"] });
      return (await generateText({ ...settings, prompt, output: Output.object({ schema }) })).output;
    },
    async image(text) {
      const content = [
        { type: "text" as const, text },
        { type: "image" as const, image: IMAGE, mediaType: "image/png" },
      ];
      return (await generateText({ ...settings, messages: [{ role: "user", content }] })).text;
    },
    error: (prompt, how = {}) =>
      thrownBy(() =>
        generateText({
          ...settings,
          model: open({ apiKey: how.apiKey ?? place.apiKey, model: how.model ?? place.model }),
          prompt,
        }),
      ),
    async abort(prompt) {
      const leaving = new AbortController();
      const { textStream } = streamText({ ...settings, prompt, abortSignal: leaving.signal });
      for await (const piece of textStream) {
        leaving.abort();
        return piece;
      }
      return "";
    },
  };
}

/** `@ai-sdk/openai` by Chat Completions. */
export function aiOpenaiChat(place: Place): Driver {
  return vercelAi("@ai-sdk/openai, chat", place, ({ apiKey, model }) =>
    createOpenAI({ baseURL: `${place.url}/v1`, apiKey }).chat(model),
  );
}

/** `@ai-sdk/openai` by Responses, which is its default. */
export function aiOpenaiResponses(place: Place): Driver {
  return vercelAi("@ai-sdk/openai, responses", place, ({ apiKey, model }) =>
    createOpenAI({ baseURL: `${place.url}/v1`, apiKey }).responses(model),
  );
}

/** `@ai-sdk/anthropic`. */
export function aiAnthropic(place: Place): Driver {
  return vercelAi("@ai-sdk/anthropic", place, ({ apiKey, model }) =>
    createAnthropic({ baseURL: `${place.url}/v1`, apiKey })(model),
  );
}

/** `@ai-sdk/google`. */
export function aiGoogle(place: Place): Driver {
  return vercelAi("@ai-sdk/google", place, ({ apiKey, model }) =>
    createGoogle({ baseURL: `${place.url}/v1beta`, apiKey })(model),
  );
}
