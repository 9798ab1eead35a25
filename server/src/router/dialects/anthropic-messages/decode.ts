import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import {
  asArray,
  asBoolean,
  asName,
  asObject,
  asString,
  integerFrom,
  type JsonObject,
  numberBetween,
  optional,
} from "#lib/shape.ts";
import type { DecodedRequest, RequestHead } from "../dialect.ts";
import { decodeMessages } from "./decode-messages.ts";
import { decodeReasoning } from "./decode-reasoning.ts";
import { decodeToolChoice, decodeTools } from "./decode-tools.ts";

/** Fields that this decoder reads; every other one travels as it came to Anthropic. */
const READ_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "thinking",
  "output_config",
  "metadata",
  "stream",
]);

/** The version that this server speaks, which needs not be said. */
const VERSION = "2023-06-01";

const temperature = numberBetween(0, 1);
const topP = numberBetween(0, 1);
// A bound of 0 fills the prompt cache and asks for no answer.
const tokens = integerFrom(0);
const topK = integerFrom(0);

// What may stand in a header that is sent on.
const PLAIN = /^[\t\x20-\x7e]*$/;

function decodeHeader(head: RequestHead, name: string): string | undefined {
  const value = head.headers[name];
  if (typeof value !== "string" || value === "") return undefined;
  if (PLAIN.test(value)) return value;
  throw new SlipwayError("invalid_request", `The header \`${name}\` has characters outside of ASCII.`, { param: name });
}

function decodeHeaders(head: RequestHead): readonly string[] | undefined {
  const headers: string[] = [];
  const version = decodeHeader(head, "anthropic-version");
  const beta = decodeHeader(head, "anthropic-beta");
  if (version !== undefined && version !== VERSION) headers.push("anthropic-version", version);
  if (beta !== undefined) headers.push("anthropic-beta", beta);
  return headers.length > 0 ? headers : undefined;
}

// `metadata.thread_id` continues a thread of an agent, as it does in every dialect.
function decodeMetadata(
  body: JsonObject,
  extra: Record<string, unknown>,
): { readonly endUser: string | undefined; readonly threadId: string | undefined } {
  const { user_id: userId, thread_id: threadId, ...rest } = optional(body["metadata"], "metadata", asObject) ?? {};
  if (Object.keys(rest).length > 0) extra["metadata"] = rest;
  return {
    endUser: optional(userId, "metadata.user_id", asString),
    threadId: optional(threadId, "metadata.thread_id", asName),
  };
}

/** A body of `POST /v1/messages` in the words of the event model. */
export function decode(value: unknown, head: RequestHead): DecodedRequest {
  const body = asObject(value, "body");
  const fields: Record<string, unknown> = {};
  for (const key in body) if (!READ_FIELDS.has(key) && body[key] !== null) fields[key] = body[key];
  const { endUser, threadId } = decodeMetadata(body, fields);
  const { tools, nativeTools } = decodeTools(body["tools"]);
  const { toolChoice, parallelToolCalls } = decodeToolChoice(body["tool_choice"]);
  const { reasoning, responseFormat } = decodeReasoning(body, fields);
  const headers = decodeHeaders(head);
  const request: { -readonly [Field in keyof ModelRequest]: ModelRequest[Field] } = {
    model: asName(body["model"], "model"),
    messages: decodeMessages(body["system"], body["messages"]),
    tools,
    stream: optional(body["stream"], "stream", asBoolean) ?? false,
  };
  const set = <Field extends keyof ModelRequest>(field: Field, found: ModelRequest[Field] | undefined): void => {
    if (found !== undefined) request[field] = found;
  };
  set("nativeTools", nativeTools);
  set("toolChoice", toolChoice);
  set("parallelToolCalls", parallelToolCalls);
  set("maxOutputTokens", optional(body["max_tokens"], "max_tokens", tokens));
  set("temperature", optional(body["temperature"], "temperature", temperature));
  set("topP", optional(body["top_p"], "top_p", topP));
  set("topK", optional(body["top_k"], "top_k", topK));
  const stop = optional(body["stop_sequences"], "stop_sequences", asArray);
  set("stop", stop && stop.map((item, index) => asString(item, `stop_sequences[${index}]`)));
  set("reasoning", reasoning);
  set("responseFormat", responseFormat);
  set("endUser", endUser);
  if (headers !== undefined || Object.keys(fields).length > 0) {
    request.extra = { family: "anthropic", fields, ...(headers === undefined ? {} : { headers }) };
  }
  return { request, threadId, streamUsage: true };
}
