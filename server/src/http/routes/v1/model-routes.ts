import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Dialect } from "#router/dialects/dialect.ts";
import type { CountDialect } from "#router/dialects/count-dialect.ts";
import { anthropicCountTokens } from "#router/dialects/anthropic-messages/count-tokens.ts";
import { anthropicMessages } from "#router/dialects/anthropic-messages/dialect.ts";
import { geminiCountTokens } from "#router/dialects/gemini/count-tokens.ts";
import { geminiBatchEmbedContents, geminiEmbedContent } from "#router/dialects/gemini/embeddings.ts";
import { gemini } from "#router/dialects/gemini/dialect.ts";
import { type Method, methodOf } from "#router/dialects/gemini/path.ts";
import { openaiChat } from "#router/dialects/openai-chat/dialect.ts";
import { openaiEmbeddings } from "#router/dialects/openai-embeddings/dialect.ts";
import { responsesCountTokens } from "#router/dialects/openai-responses/count-tokens.ts";
import { openaiResponses } from "#router/dialects/openai-responses/dialect.ts";
import type { App } from "../../app.ts";
import { type DialectServices, serveDialect } from "../../serve-dialect.ts";
import { serveCount } from "../../serve-count.ts";
import { type EmbeddingServices, serveEmbeddings } from "../../serve-embeddings.ts";
import type { Handler, HotRoutes } from "../../server.ts";

/** The paths on which models answer in a dialect, all by POST. */
const DIALECTS: readonly (readonly [path: string, dialect: Dialect])[] = [
  ["/v1/chat/completions", openaiChat],
  ["/v1/messages", anthropicMessages],
  ["/v1/responses", openaiResponses],
];

/** The paths on which prompts are counted, all by POST. */
const COUNTS: readonly (readonly [path: string, dialect: CountDialect])[] = [
  ["/v1/messages/count_tokens", anthropicCountTokens],
  ["/v1/responses/input_tokens", responsesCountTokens],
];

const EMBEDDINGS = "/v1/embeddings";

/** What the serving of all of these paths needs from the rooms. */
export type ModelRouteServices = DialectServices & EmbeddingServices;

/** Google's paths name the model and end in what is asked of it. */
function createGeminiRoutes(services: ModelRouteServices): Partial<Record<Method, Handler>> {
  const route = (method: Method): string => `/v1beta/models/{model}:${method}`;
  return {
    generateContent: serveDialect(services, route("generateContent"), gemini),
    streamGenerateContent: serveDialect(services, route("streamGenerateContent"), gemini),
    countTokens: serveCount(services, route("countTokens"), geminiCountTokens),
    embedContent: serveEmbeddings(services, route("embedContent"), geminiEmbedContent),
    batchEmbedContents: serveEmbeddings(services, route("batchEmbedContents"), geminiBatchEmbedContents),
  };
}

/** The handlers of these paths, for the server's switch. */
export function createModelRoutes(services: ModelRouteServices): HotRoutes {
  const exact = new Map(DIALECTS.map(([path, dialect]) => [path, serveDialect(services, path, dialect)]));
  for (const [path, dialect] of COUNTS) exact.set(path, serveCount(services, path, dialect));
  exact.set(EMBEDDINGS, serveEmbeddings(services, EMBEDDINGS, openaiEmbeddings));
  const byMethod = createGeminiRoutes(services);
  return {
    get(path) {
      const handler = exact.get(path);
      if (handler) return handler;
      const method = methodOf(path);
      return method && byMethod[method];
    },
  };
}

/** Tells whoever asks these paths by another method what they take. */
export function registerModelMethods(app: App): void {
  for (const path of [...[...DIALECTS, ...COUNTS].map(([taken]) => taken), EMBEDDINGS]) {
    app.all(path, { requires: "public" }, () => {
      throw new SlipwayError("method_not_allowed", "This path takes POST.", { hint: "POST a request as JSON." });
    });
  }
}
