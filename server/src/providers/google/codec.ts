import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { Codec, ModelPage } from "../codec.ts";
import { arrayOf, objectOf, parseAnswer, textOf } from "../wire/json.ts";
import { createCountTokensCodec } from "./count-tokens.ts";
import { createEmbedContentCodec } from "./embeddings.ts";
import { encodeBody, modelPath } from "./encode.ts";
import { decodeError } from "./errors.ts";
import { GenerateContentStream } from "./stream.ts";

function decodeAnswer(apiKey: string, body: string): ModelEvent[] {
  const answer = parseAnswer("google", body);
  const finishReason = objectOf(arrayOf(answer["candidates"])[0])["finishReason"];
  if (finishReason === undefined && answer["promptFeedback"] === undefined && answer["error"] === undefined) {
    throw new SlipwayError("provider_error", "The provider google answered without a finished candidate.");
  }
  const events: ModelEvent[] = [];
  const stream = new GenerateContentStream(apiKey, { event: (event) => events.push(event) });
  stream.chunk(answer);
  stream.end();
  return events;
}

/** Of what a model can do, what this server asks for. */
const SERVED: ReadonlySet<string> = new Set(["generateContent", "embedContent"]);

function decodeListModels(body: string): ModelPage {
  const page = parseAnswer("google", body);
  if (!Array.isArray(page["models"]))
    throw new SlipwayError("provider_error", "The provider google answered with no list of models.");
  const models = page["models"].flatMap((entry) => {
    const model = objectOf(entry);
    const methods = arrayOf(model["supportedGenerationMethods"]);
    const name = textOf(model["name"])?.replace(/^models\//, "");
    const serves = methods.length === 0 || methods.some((method) => typeof method === "string" && SERVED.has(method));
    return name === undefined || !serves ? [] : name;
  });
  return { models, next: textOf(page["nextPageToken"]) };
}

/** The codec of the Gemini API, `v1beta` (https://ai.google.dev/api/generate-content). The key travels in a header, not in the URL. */
export function createGenerateContentCodec(apiKey: string): Codec {
  const common = ["user-agent", "slipway", "x-goog-api-key", apiKey];
  const postHeaders = ["content-type", "application/json", ...common];
  const getHeaders = ["accept", "application/json", ...common];
  return {
    family: "google",
    encode: (request) => ({
      method: "POST",
      path: `/v1beta/${modelPath(request.model)}:${request.stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
      headers: postHeaders,
      body: encodeBody(request),
    }),
    decodeAnswer: (body) => decodeAnswer(apiKey, body),
    openStream: (output) => new GenerateContentStream(apiKey, output),
    decodeError: (status, headers, body) => decodeError(apiKey, status, headers, body),
    embeddings: createEmbedContentCodec(postHeaders),
    counting: createCountTokensCodec(postHeaders),
    encodeListModels: (page) => ({
      method: "GET",
      path:
        page === undefined
          ? "/v1beta/models?pageSize=1000"
          : `/v1beta/models?pageSize=1000&pageToken=${encodeURIComponent(page)}`,
      headers: getHeaders,
      body: null,
    }),
    decodeListModels,
  };
}
