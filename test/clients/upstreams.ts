import { LLMock } from "@copilotkit/aimock";

/** A family of upstreams, all played by the same outside mock. The model names are those that clients send. */
export interface UpstreamFamily {
  readonly name: "openai" | "anthropic" | "google" | "openai-compatible";
  readonly model: string;
  env(url: string): Readonly<Record<string, string>>;
}

export const UPSTREAMS: readonly UpstreamFamily[] = [
  {
    name: "openai",
    model: "gpt-5-mini",
    env: (url) => ({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: `${url}/v1` }),
  },
  {
    name: "anthropic",
    model: "claude-haiku-4-5",
    env: (url) => ({ ANTHROPIC_API_KEY: "sk-test", ANTHROPIC_BASE_URL: url }),
  },
  {
    name: "google",
    model: "gemini-flash-latest",
    env: (url) => ({ GEMINI_API_KEY: "sk-test", GEMINI_BASE_URL: url }),
  },
  {
    name: "openai-compatible",
    model: "openai-compatible/llama-4",
    env: (url) => ({ OPENAI_COMPATIBLE_BASE_URL: `${url}/v1` }),
  },
];

/** What the mock says was used, in each vendor's own words; in each it makes 7 in and 11 out. */
const USED = {
  prompt_tokens: 7,
  completion_tokens: 11,
  total_tokens: 18,
  input_tokens: 7,
  output_tokens: 11,
  promptTokenCount: 7,
  candidatesTokenCount: 11,
  totalTokenCount: 18,
};

export const STORY = "Once upon a time there was a harbour where ships were built. Grüße! 🚢";
const LONG_STORY = `${STORY} `.repeat(12);
export const CITY = { city: "Zürich", people: 443_000 };

/** The mock with the answers that the shared script asks for. It answers 404 to what it does not understand. */
export async function startMock(): Promise<LLMock> {
  const mock = new LLMock({ port: 0, chunkSize: 6 });
  mock.on(
    { predicate: (request) => request.messages.at(-1)?.role === "tool", toolResultContains: "clear" },
    { content: "It is sunny in Vienna.", usage: USED },
  );
  mock.on(
    { userMessage: "weather in Vienna", toolName: "get_weather" },
    { toolCalls: [{ id: "call_weather", name: "get_weather", arguments: '{"city":"Vienna"}' }], usage: USED },
  );
  mock.on({ userMessage: "tell a story" }, { content: STORY, usage: USED });
  mock.on({ userMessage: "which city" }, { content: JSON.stringify(CITY), usage: USED });
  mock.on({ userMessage: "look at this" }, { content: "A grey dot.", usage: USED });
  mock.on(
    { userMessage: "be refused" },
    { error: { message: "no such thing", type: "invalid_request_error" }, status: 400 },
  );
  mock.on({ userMessage: "tell a long story" }, { content: LONG_STORY, usage: USED }, { latency: 20 });
  await mock.start();
  return mock;
}
