import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";

/** Characters that a question may have: more of them is no question that others ask too, and near every model's bound. */
const MOST_CHARACTERS = 8_192;

/** A request taken apart into what is compared by its meaning and what must be equal. */
export interface Question {
  /** The text of the last message, which is the user's. */
  readonly text: string;
  /** The request without that text. */
  readonly rest: ModelRequest;
}

/** Pictures, files, what tools answered, and blocks that we do not interpret: their meaning is in no text. */
function isPlain({ content }: Message): boolean {
  return content.every(({ type }) => type === "text" || type === "reasoning" || type === "tool_call");
}

/** The question of a request, or undefined where it is none to compare: see {@link isPlain}, and text that is empty or too long. */
export function questionOf(request: ModelRequest): Question | undefined {
  const { messages } = request;
  const last = messages.at(-1);
  if (last?.role !== "user" || !messages.every(isPlain)) return undefined;
  const texts: string[] = [];
  for (const part of last.content) {
    if (part.type !== "text") return undefined;
    texts.push(part.text);
  }
  const text = texts.join("\n").trim();
  if (text === "" || text.length > MOST_CHARACTERS) return undefined;
  // All that is left of the parts is their number and their marks.
  const content = last.content.map((part) => ({ ...part, text: "" }));
  return { text, rest: { ...request, messages: [...messages.slice(0, -1), { ...last, content }] } };
}
