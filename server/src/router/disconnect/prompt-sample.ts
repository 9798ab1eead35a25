import type { ModelRequest, Part } from "@slipway/contracts/model/request.ts";
import { isTextData } from "../text-file.ts";
import type { Sampled } from "./said.ts";

/** A longer prompt is counted in this many windows of this many characters, spread over it. */
const WINDOWS = 16;
const WINDOW = 4_000;
const MOST = WINDOWS * WINDOW;

// What OpenAI's models add to the text (https://github.com/openai/openai-cookbook, "How to count tokens with tiktoken"): three
// tokens and the role for each message, three for the beginning of the answer.
const TOKENS_A_MESSAGE = 4;
const TOKENS_A_REQUEST = 3;
// An image of 1024 × 1024 at OpenAI (https://platform.openai.com/docs/guides/images-vision): 85, and 170 for each of four tiles.
const TOKENS_AN_IMAGE = 765;
const TOKENS_A_SMALL_IMAGE = 85;
// A guess, for how many pages or seconds a file holds is not known here. It matters where the provider has not told the
// prompt's figures at the start, which Anthropic and Google do.
const TOKENS_A_FILE = 2_000;

/** What of a prompt must be counted, and what its shape costs besides. */
export interface PromptSample {
  readonly text: Sampled;
  readonly extraTokens: number;
}

/** Puts what a part says into `texts` and answers what it costs besides. */
function gather(part: Part, texts: string[]): number {
  switch (part.type) {
    case "text":
    case "reasoning":
      texts.push(part.text);
      return 0;
    case "tool_call":
      texts.push(part.name, part.arguments);
      return 0;
    case "tool_result":
      return part.content.reduce((sum, inner) => sum + gather(inner, texts), 0);
    case "native":
      texts.push(JSON.stringify(part.value));
      return 0;
    case "image":
      return part.detail === "low" ? TOKENS_A_SMALL_IMAGE : TOKENS_AN_IMAGE;
    case "file":
      if (part.source.kind === "text") texts.push(part.source.text);
      else if (isTextData(part.source)) texts.push(Buffer.from(part.source.data, "base64").toString("utf8"));
      else return TOKENS_A_FILE;
      return 0;
  }
}

/** The texts one after the other, or windows spread evenly over them when they are long. */
function sample(texts: readonly string[], length: number): string {
  if (length <= MOST) return texts.join("");
  const step = length / WINDOWS;
  const windows: string[] = [];
  let start = 0;
  let next = (step - WINDOW) / 2;
  for (const text of texts) {
    while (next < start + text.length && windows.length < WINDOWS) {
      const from = Math.max(0, Math.floor(next) - start);
      windows.push(text.slice(from, from + WINDOW));
      next += step;
    }
    start += text.length;
  }
  return windows.join("");
}

/** What a request says, ready to be counted. */
export function samplePrompt(request: ModelRequest): PromptSample {
  const texts: string[] = [];
  let extraTokens = TOKENS_A_REQUEST + TOKENS_A_MESSAGE * request.messages.length;
  for (const message of request.messages) {
    for (const part of message.content) extraTokens += gather(part, texts);
  }
  if (request.tools.length > 0) texts.push(JSON.stringify(request.tools));
  if (request.nativeTools !== undefined) texts.push(JSON.stringify(request.nativeTools));
  if (request.responseFormat?.type === "json_schema") {
    const { schema, description = "" } = request.responseFormat;
    texts.push(description, JSON.stringify(schema));
  }
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return { text: { text: sample(texts, length), length }, extraTokens };
}
