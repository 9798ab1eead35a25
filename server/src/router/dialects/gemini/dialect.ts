import type { Dialect } from "../dialect.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { geminiErrors } from "./errors.ts";
import { GeminiStreamWriter } from "./stream.ts";

/** Google's Gemini API, `v1beta`, after https://ai.google.dev/api/generate-content (read 2026-11). */
export const gemini: Dialect = {
  name: "gemini",
  idPrefix: "resp",
  bodyIds: { "labels.thread_id": "thread" },
  errors: geminiErrors,
  keyParameter: "key",
  decode,
  encode,
  writer: (frame) => new GeminiStreamWriter(frame),
};
