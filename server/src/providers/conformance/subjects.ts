import { readFileSync } from "node:fs";
import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { createMessagesCodec } from "../anthropic/codec.ts";
import type { Codec } from "../codec.ts";
import { createGenerateContentCodec } from "../google/codec.ts";
import { createResponsesCodec } from "../openai/responses/codec.ts";
import { createChatCompletionsCodec } from "../wire/chat-completions/codec.ts";
import { FULL_REQUEST } from "./requests.ts";

export const API_KEY = "sk-test-0123456789-secret";

/** What an answer of the fixtures must be, apart from the ids that each vendor gives. */
export interface Expected {
  readonly text?: string;
  readonly reasoning?: string;
  readonly refusal?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly reason: FinishReason;
}

/** Every answer of the fixtures by the name of its files. */
export const EXPECTED: Readonly<Record<string, Expected>> = {
  text: { text: "Grüße aus Zürich 👋🏽 — 日本語, done.", reason: "stop" },
  length: { text: "Grüße aus ", reason: "length" },
  filtered: { text: "Grüße", reason: "content_filter" },
  refusal: { refusal: "I cannot help with that.", reason: "refusal" },
  reasoning: { reasoning: "The user greets — in Zürich.", text: "Grüezi.", reason: "stop" },
  tools: {
    text: "Let me look.",
    calls: [
      { name: "order_status", arguments: { order: "A-1042", note: "für Zoë" } },
      { name: "now", arguments: {} },
    ],
    reason: "tool_calls",
  },
};

/** One provider under test. */
export interface Subject {
  readonly name: "openai" | "openai-responses" | "openai-compatible" | "anthropic" | "google";
  /** The provider that speaks so, and its settings besides key and address; absent: by the subject's own name, none. */
  readonly provider?: { readonly name: string; readonly settings: object };
  /** The format that its requests are written in, where the family has two. */
  readonly format?: ModelRequest["format"];
  /** Fields of the request with everything that it has no place for. */
  readonly lacks?: readonly (keyof ModelRequest)[];
  readonly codec: Codec;
  /** What its base URL has after the origin. */
  readonly basePath: string;
  readonly cases: readonly (keyof typeof EXPECTED)[];
  readonly id: string;
  readonly model: string;
  readonly usage: Usage;
  /** Method and path of a call, and the header that carries the key. */
  readonly path: (stream: boolean) => string;
  readonly keyHeader: readonly [string, string];
  readonly models: readonly string[];
  /** The status that a wrong key is answered with. */
  readonly wrongKeyStatus: number;
}

const usage = { input: 11, cachedRead: 5, output: 7, reasoning: 3 };

const OPENAI = {
  provider: "openai",
  apiKey: API_KEY,
  maxTokensField: "max_completion_tokens",
  returnsReasoning: false,
  knowsBase64: true,
} as const;

export const SUBJECTS: readonly Subject[] = [
  {
    name: "openai",
    codec: createChatCompletionsCodec(OPENAI),
    basePath: "/v1",
    cases: ["text", "length", "filtered", "refusal", "tools"],
    id: "chatcmpl-BkZ1",
    model: "gpt-5-mini-2025-08-07",
    usage: { ...usage, cacheWrite: 2 },
    path: () => "/v1/chat/completions",
    keyHeader: ["authorization", `Bearer ${API_KEY}`],
    models: ["gpt-5-mini", "o4-mini"],
    wrongKeyStatus: 401,
  },
  {
    name: "openai-responses",
    provider: { name: "openai", settings: { api: "responses" } },
    format: "openai-responses",
    lacks: ["stop"],
    codec: createResponsesCodec(OPENAI, createChatCompletionsCodec(OPENAI)),
    basePath: "/v1",
    cases: ["text", "length", "filtered", "refusal", "reasoning", "tools"],
    id: "resp_68a1b2",
    model: "gpt-5-mini-2025-08-07",
    usage: { ...usage, cacheWrite: 2 },
    path: () => "/v1/responses",
    keyHeader: ["authorization", `Bearer ${API_KEY}`],
    models: ["gpt-5-mini", "o4-mini"],
    wrongKeyStatus: 401,
  },
  {
    name: "openai-compatible",
    codec: createChatCompletionsCodec({
      provider: "openai-compatible",
      apiKey: API_KEY,
      maxTokensField: "max_tokens",
      returnsReasoning: true,
    }),
    basePath: "/some/where/v1/",
    cases: ["text", "length", "filtered", "reasoning", "tools"],
    id: "chatcmpl-BkZ1",
    model: "deepseek-reasoner",
    usage: { ...usage, cacheWrite: 0 },
    path: () => "/some/where/v1/chat/completions",
    keyHeader: ["authorization", `Bearer ${API_KEY}`],
    models: ["llama3.2:latest"],
    wrongKeyStatus: 401,
  },
  {
    name: "anthropic",
    codec: createMessagesCodec(API_KEY),
    basePath: "",
    cases: ["text", "length", "refusal", "reasoning", "tools"],
    id: "msg_01XFDU",
    model: "claude-haiku-4-5-20251001",
    usage: { ...usage, cacheWrite: 2 },
    path: () => "/v1/messages",
    keyHeader: ["x-api-key", API_KEY],
    models: ["claude-haiku-4-5", "claude-sonnet-4-5"],
    wrongKeyStatus: 401,
  },
  {
    name: "google",
    codec: createGenerateContentCodec(API_KEY),
    basePath: "",
    cases: ["text", "length", "filtered", "reasoning", "tools"],
    id: "mAitaLmkHPPlz7IP",
    model: "gemini-2.5-flash",
    usage: { ...usage, cacheWrite: 0 },
    path: (stream) => `/v1beta/models/the-model:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    keyHeader: ["x-goog-api-key", API_KEY],
    models: ["gemini-2.5-flash", "gemini-embedding-001", "gemini-3-pro"],
    wrongKeyStatus: 400,
  },
];

/** The request with everything, without what the subject has no place for. */
export function fullRequest(subject: Subject): ModelRequest {
  const request = { ...FULL_REQUEST };
  for (const field of subject.lacks ?? []) Reflect.deleteProperty(request, field);
  return request;
}

/** A file of the provider's fixtures. */
export function fixture(subject: Subject, file: string): string {
  return readFileSync(new URL(`../__fixtures__/${subject.name}/${file}`, import.meta.url), "utf8");
}
