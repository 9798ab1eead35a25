import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
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
import type { DecodedRequest } from "../dialect.ts";
import { decodeInput, referenceOf } from "./decode-input.ts";
import { decodeReasoning, decodeText } from "./decode-settings.ts";
import { decodeToolChoice, decodeTools } from "./decode-tools.ts";

/** Fields that this decoder reads; every other one travels as it came to OpenAI's Responses API. */
const READ_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "input",
  "instructions",
  "previous_response_id",
  "store",
  "include",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "max_output_tokens",
  "temperature",
  "top_p",
  "reasoning",
  "text",
  "metadata",
  "stream",
]);

/** Fields whose effect this server could not keep, with what to do instead. */
const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  conversation: "Go on by `previous_response_id`: this server keeps conversations itself, for every provider.",
  background: "Leave it out: answers are given while the client waits.",
  top_logprobs: "Leave it out: token probabilities are not carried.",
};

/** What the sealed reasoning is asked for by. */
const SEALED_REASONING = "reasoning.encrypted_content";
const LOGPROBS = "message.output_text.logprobs";

const temperature = numberBetween(0, 2);
const topP = numberBetween(0, 1);
const tokens = integerFrom(1);

function decodeExtra(body: JsonObject): Record<string, unknown> {
  const extra: Record<string, unknown> = {};
  for (const key in body) {
    const value = body[key];
    if (READ_FIELDS.has(key) || value === null || value === undefined) continue;
    const hint = Object.hasOwn(REFUSED_FIELDS, key) ? REFUSED_FIELDS[key] : undefined;
    if (hint === undefined) extra[key] = value;
    else if (value !== false && value !== 0)
      throw new SlipwayError("unsupported_field", `\`${key}\` is not carried by this server.`, { param: key, hint });
  }
  return extra;
}

/** `include`: whether reasoning is to come sealed; everything else in it is OpenAI's affair. */
function decodeInclude(body: JsonObject, extra: Record<string, unknown>): boolean {
  const include = optional(body["include"], "include", asArray) ?? [];
  const others = include.filter((item) => item !== SEALED_REASONING);
  if (others.includes(LOGPROBS)) {
    throw new SlipwayError("unsupported_field", "Token probabilities are not carried by this server.", {
      param: "include",
      hint: `Leave \`${LOGPROBS}\` out.`,
    });
  }
  if (others.length > 0) extra["include"] = others;
  return others.length < include.length;
}

// `metadata.thread_id` continues a thread of an agent, as it does in every dialect.
function decodeMetadata(body: JsonObject, extra: Record<string, unknown>): string | undefined {
  const { thread_id: threadId, ...rest } = optional(body["metadata"], "metadata", asObject) ?? {};
  if (Object.keys(rest).length > 0) extra["metadata"] = rest;
  return optional(threadId, "metadata.thread_id", asName);
}

function decodeMessages(body: JsonObject): Message[] {
  const instructions = optional(body["instructions"], "instructions", asString);
  const input = decodeInput(body["input"]);
  if (input.length === 0 && body["prompt"] == null && body["previous_response_id"] == null) {
    throw new SlipwayError("invalid_request", "`input` must be a text or hold at least one item.", { param: "input" });
  }
  if (instructions === undefined || instructions === "") return input;
  return [{ role: "system", content: [{ type: "text", text: instructions }] }, ...input];
}

/** A body of `POST /v1/responses` in the words of the event model. */
export function decode(value: unknown): DecodedRequest {
  const body = asObject(value, "body");
  const fields = decodeExtra(body);
  const threadId = decodeMetadata(body, fields);
  const sealed = decodeInclude(body, fields);
  const { tools, nativeTools } = decodeTools(body["tools"]);
  const toolChoice = optional(body["tool_choice"], "tool_choice", decodeToolChoice);
  if (toolChoice === undefined && body["tool_choice"] != null) fields["tool_choice"] = body["tool_choice"];
  const messages = decodeMessages(body);
  const request: { -readonly [Field in keyof ModelRequest]: ModelRequest[Field] } = {
    model: asName(body["model"], "model"),
    messages,
    tools,
    format: "openai-responses",
    stream: optional(body["stream"], "stream", asBoolean) ?? false,
  };
  const set = <Field extends keyof ModelRequest>(field: Field, found: ModelRequest[Field] | undefined): void => {
    if (found !== undefined) request[field] = found;
  };
  set("nativeTools", nativeTools);
  set("toolChoice", toolChoice);
  set("parallelToolCalls", optional(body["parallel_tool_calls"], "parallel_tool_calls", asBoolean));
  set("maxOutputTokens", optional(body["max_output_tokens"], "max_output_tokens", tokens));
  set("temperature", optional(body["temperature"], "temperature", temperature));
  set("topP", optional(body["top_p"], "top_p", topP));
  set("reasoning", decodeReasoning(body["reasoning"], fields));
  set("responseFormat", decodeText(body["text"], fields));
  const id = (name: string): string | undefined => optional(body[name], name, asString);
  set("endUser", id("safety_identifier") ?? id("user"));
  if (Object.keys(fields).length > 0) request.extra = { family: "openai", fields };
  const store = optional(body["store"], "store", asBoolean) ?? true;
  return {
    request,
    threadId,
    streamUsage: true,
    keeping: {
      previousId: optional(body["previous_response_id"], "previous_response_id", asName),
      store,
      hasReferences: messages.some(({ content }) => content.some((part) => referenceOf(part) !== undefined)),
    },
    echo: { ...body, store, sealed },
  };
}
