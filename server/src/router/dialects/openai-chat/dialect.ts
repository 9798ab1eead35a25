import type { Dialect } from "../dialect.ts";
import { decode } from "./decode.ts";
import { encode, encodeError } from "./encode.ts";
import { ChatStreamWriter } from "./stream.ts";

/** OpenAI Chat Completions, after https://platform.openai.com/docs/api-reference/chat (read 2026-11). */
export const openaiChat: Dialect = {
  name: "openai-chat",
  decode,
  encode,
  encodeError,
  writer: (frame, options) => new ChatStreamWriter(frame, options),
};
