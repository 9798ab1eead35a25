/** One official client as the shared script sees it: each method is what a user of that client would write. */
export interface Driver {
  readonly name: string;
  /** The whole answer to one message. */
  chat(text: string): Promise<Answer>;
  /** The same streamed, with a system prompt. */
  stream(text: string): Promise<Answer & { readonly pieces: number }>;
  /** Asks with the tool {@link WEATHER}, streamed, and hands its result back. */
  useTool(text: string, result: string): Promise<ToolTurn>;
  /** Asks for an answer after {@link CITY_SCHEMA}. */
  structured(text: string): Promise<unknown>;
  /** Shows {@link IMAGE} beside the text. */
  image(text: string): Promise<string>;
  /** What the client throws for this question, in its own words for it. */
  error(text: string, how?: Failing): Promise<Thrown>;
  /** Streams the answer and leaves after its first piece. Resolves with what came until then. */
  abort(text: string): Promise<string>;
}

export interface Answer {
  readonly text: string;
  /** Input and output tokens. */
  readonly usage: readonly [number, number];
  /** True when the client says that the model ended by itself. */
  readonly stopped: boolean;
}

export interface ToolTurn {
  readonly name: string;
  readonly input: unknown;
  /** What the model said to the tool's result. */
  readonly text: string;
}

/** With which wrong key or model to ask. */
export interface Failing {
  readonly apiKey?: string;
  readonly model?: string;
}

export interface Thrown {
  readonly status: number | undefined;
  readonly message: string;
  /** The client's class of the error, where it has classes. */
  readonly name: string;
}

/** Where a driver finds the server under test. */
export interface Place {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly apiKey: string;
  /** The model name to send. */
  readonly model: string;
}

export const SYSTEM = "You tell stories.";

export const WEATHER = {
  name: "get_weather",
  description: "The weather of a city.",
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
} as const;

export const CITY_SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
} as const;

/** One pixel, as PNG in base64. */
export const IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
