/** What to do with the upstream when nobody waits for its answer any more. */
export type OnLeave = "abort" | "drain";

interface Habit {
  /** An answer that is streamed. */
  readonly streamed: OnLeave;
  /** An answer that comes whole. */
  readonly whole: OnLeave;
}

/** A closed connection stops the model and the bill, where the answer is streamed; one that is not is made and billed to its end. */
const STOPS: Habit = { streamed: "abort", whole: "drain" };
/** The model goes on and all of it is billed, so reading to the end costs nothing more and brings the vendor's own figures. */
const GOES_ON: Habit = { streamed: "drain", whole: "drain" };
/** A server of one's own, or one that nobody knows: it is spared the work. vLLM and Ollama stop when the connection closes. */
const UNKNOWN: Habit = { streamed: "abort", whole: "abort" };

/**
 * Which vendors stop, by their name in the price catalogue. From OpenRouter, which sells all of them and lists where an aborted
 * connection "immediately stops model processing and billing" for streams, and where the whole answer is billed
 * (https://openrouter.ai/docs/api-reference/streaming, "Stream Cancellation", read in November 2026). For Google also the
 * `abortSignal` of `@google/genai`: "AbortSignal is a client-only operation … You will still be charged usage".
 */
const HABITS: ReadonlyMap<string, Habit> = new Map([
  ["anthropic", STOPS],
  ["azure", STOPS],
  ["cloudflare", STOPS],
  ["cohere", STOPS],
  ["deepseek", STOPS],
  ["fireworks", STOPS],
  ["novita", STOPS],
  ["openai", STOPS],
  ["together", STOPS],
  ["x-ai", STOPS],
  ["aws", GOES_ON],
  ["google", GOES_ON],
  ["groq", GOES_ON],
  ["minimax", GOES_ON],
  ["mistral", GOES_ON],
  ["modal", GOES_ON],
  ["perplexity", GOES_ON],
]);

/** The habit of a vendor; undefined for a provider that is none. The mock's answer is read to its end: it costs nobody anything. */
export function onLeave(call: {
  readonly vendor: string | undefined;
  readonly mock: boolean;
  readonly streamed: boolean;
}): OnLeave {
  if (call.mock) return "drain";
  const habit = (call.vendor === undefined ? undefined : HABITS.get(call.vendor)) ?? UNKNOWN;
  return call.streamed ? habit.streamed : habit.whole;
}
