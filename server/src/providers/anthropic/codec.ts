import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Codec, ModelPage } from "../codec.ts";
import { objectOf, parseAnswer, textOf } from "../wire/json.ts";
import { MessageBlocks } from "./blocks.ts";
import { createCountTokensCodec } from "./counting.ts";
import { encodeBody } from "./encode.ts";
import { decodeError } from "./errors.ts";
import { MessagesStream } from "./stream.ts";

function decodeAnswer(body: string): ModelEvent[] {
  const answer = parseAnswer("anthropic", body);
  const { content } = answer;
  if (!Array.isArray(content))
    throw new SlipwayError("provider_error", "The provider anthropic answered with something that is no message.");
  const events: ModelEvent[] = [];
  const blocks = new MessageBlocks({ event: (event) => events.push(event) });
  blocks.start(answer);
  for (const block of content) {
    blocks.startBlock(objectOf(block));
    blocks.stopBlock();
  }
  blocks.stop(textOf(answer["stop_reason"]) === undefined ? { stop_reason: "end_turn" } : answer);
  blocks.finish();
  return events;
}

function decodeListModels(body: string): ModelPage {
  const page = parseAnswer("anthropic", body);
  if (!Array.isArray(page["data"]))
    throw new SlipwayError("provider_error", "The provider anthropic answered with no list of models.");
  return {
    models: page["data"].flatMap((model) => textOf(objectOf(model)["id"]) ?? []),
    next: page["has_more"] === true ? textOf(page["last_id"]) : undefined,
  };
}

// `anthropic-beta` switches on what the client's fields ask for; a version of its own stands for ours.
function withClientHeaders(common: readonly string[], extra: ModelRequest["extra"]): readonly string[] {
  const own = extra?.family === "anthropic" ? extra.headers : undefined;
  if (own === undefined || own.length === 0) return common;
  const at = own.indexOf("anthropic-version") === -1 ? -1 : common.indexOf("anthropic-version");
  return at === -1 ? [...common, ...own] : [...common.slice(0, at), ...common.slice(at + 2), ...own];
}

/** The codec of Anthropic's Messages API, version 2023-06-01 (https://platform.claude.com/docs/en/api/versioning). */
export function createMessagesCodec(apiKey: string): Codec {
  const common = ["user-agent", "slipway", "x-api-key", apiKey, "anthropic-version", "2023-06-01"];
  const postHeaders = ["content-type", "application/json", ...common];
  const getHeaders = ["accept", "application/json", ...common];
  const headersOf = (request: ModelRequest): readonly string[] => withClientHeaders(postHeaders, request.extra);
  return {
    family: "anthropic",
    encode: (request) => ({
      method: "POST",
      path: "/v1/messages",
      headers: headersOf(request),
      body: encodeBody(request),
    }),
    decodeAnswer,
    openStream: (output) => new MessagesStream(apiKey, output),
    decodeError: (status, headers, body) => decodeError(apiKey, status, headers, body),
    counting: createCountTokensCodec(headersOf),
    encodeListModels: (page) => ({
      method: "GET",
      path: page === undefined ? "/v1/models?limit=1000" : `/v1/models?limit=1000&after_id=${encodeURIComponent(page)}`,
      headers: getHeaders,
      body: null,
    }),
    decodeListModels,
  };
}
