import { SlipwayError } from "@slipway/contracts/errors.ts";
import type {
  ModelRequest,
  ReasoningSettings,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from "@slipway/contracts/model/request.ts";
import {
  asArray,
  asBoolean,
  asName,
  asObject,
  asString,
  integerFrom,
  isObject,
  type JsonObject,
  numberBetween,
  optional,
} from "#lib/shape.ts";
import type { DecodedRequest } from "../dialect.ts";
import { decodeMessages } from "./decode-messages.ts";
import { decodeMark } from "./decode-parts.ts";

/** Fields that this decoder reads; every other one travels as it came to a provider of OpenAI's family. */
const READ_FIELDS = new Set([
  "model",
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "stop",
  "seed",
  "top_k",
  "presence_penalty",
  "frequency_penalty",
  "reasoning_effort",
  "response_format",
  "stream",
  "stream_options",
  "n",
  "metadata",
]);

/** Fields whose effect on the answer would be lost on the way back, with what to do instead. */
const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  logprobs: "Leave it out: token probabilities are not carried.",
  top_logprobs: "Leave it out: token probabilities are not carried.",
  audio: "Leave it out: audio answers are not carried.",
  functions: "Use `tools`.",
  function_call: "Use `tool_choice`.",
};

function decodeTool(value: unknown, path: string): ToolDefinition {
  const tool = asObject(value, path);
  if (tool["type"] !== "function") {
    throw new SlipwayError("unsupported_field", `\`${path}.type\` must be "function".`, { param: `${path}.type` });
  }
  const fn = asObject(tool["function"], `${path}.function`);
  const description = optional(fn["description"], `${path}.function.description`, asString);
  const strict = optional(fn["strict"], `${path}.function.strict`, asBoolean);
  return {
    name: asName(fn["name"], `${path}.function.name`),
    parameters: optional(fn["parameters"], `${path}.function.parameters`, asObject) ?? {
      type: "object",
      properties: {},
    },
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
    ...decodeMark(tool, path),
  };
}

// Undefined for a choice that only OpenAI has a word for, which travels as it is.
function decodeToolChoice(value: unknown, path: string): ToolChoice | undefined {
  if (isObject(value) && value["type"] === "allowed_tools") return undefined;
  if (value === "auto" || value === "none" || value === "required") return value;
  if (isObject(value) && value["type"] === "function" && isObject(value["function"])) {
    return { name: asName(value["function"]["name"], `${path}.function.name`) };
  }
  throw new SlipwayError("invalid_request", `\`${path}\` must be "auto", "none", "required" or name a function.`, {
    param: path,
  });
}

function decodeStop(value: unknown, path: string): string[] {
  if (typeof value === "string") return [value];
  return asArray(value, path).map((item, index) => asString(item, `${path}[${index}]`));
}

function decodeResponseFormat(value: unknown, path: string): ResponseFormat {
  const format = asObject(value, path);
  switch (format["type"]) {
    case "text":
      return { type: "text" };
    case "json_object":
      return { type: "json_object" };
    case "json_schema": {
      const schema = asObject(format["json_schema"], `${path}.json_schema`);
      const strict = optional(schema["strict"], `${path}.json_schema.strict`, asBoolean);
      const description = optional(schema["description"], `${path}.json_schema.description`, asString);
      return {
        type: "json_schema",
        name: asName(schema["name"], `${path}.json_schema.name`),
        ...(description === undefined ? {} : { description }),
        schema: asObject(schema["schema"], `${path}.json_schema.schema`),
        ...(strict === undefined ? {} : { strict }),
      };
    }
    default:
      throw new SlipwayError("invalid_request", `\`${path}.type\` must be text, json_object or json_schema.`, {
        param: `${path}.type`,
      });
  }
}

function decodeExtra(body: JsonObject): Record<string, unknown> | undefined {
  let extra: Record<string, unknown> | undefined;
  for (const key in body) {
    if (READ_FIELDS.has(key) || body[key] === null || body[key] === undefined) continue;
    const hint = Object.hasOwn(REFUSED_FIELDS, key) ? REFUSED_FIELDS[key] : undefined;
    if (hint !== undefined && body[key] !== false) {
      throw new SlipwayError("unsupported_field", `\`${key}\` is not carried by this server.`, { param: key, hint });
    }
    if (hint === undefined) (extra ??= {})[key] = body[key];
  }
  return extra;
}

function refuseSeveralChoices(body: JsonObject): void {
  const n = optional(body["n"], "n", integerFrom(1)) ?? 1;
  if (n !== 1) {
    throw new SlipwayError("unsupported_field", "`n` must be 1.", {
      param: "n",
      hint: "Send the request several times.",
    });
  }
}

// `metadata.thread_id` continues a thread of an agent; any other metadata is OpenAI's and travels on.
function decodeMetadata(body: JsonObject): { threadId: string | undefined; rest: JsonObject | undefined } {
  const metadata = optional(body["metadata"], "metadata", asObject);
  if (!metadata) return { threadId: undefined, rest: undefined };
  const { thread_id: threadId, ...rest } = metadata;
  return {
    threadId: optional(threadId, "metadata.thread_id", asName),
    rest: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

const EFFORTS: ReadonlySet<string> = new Set(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

function isEffort(value: string): value is NonNullable<ReasoningSettings["effort"]> {
  return EFFORTS.has(value);
}

function decodeEffort(value: unknown, path: string): ReasoningSettings {
  const effort = asString(value, path);
  if (isEffort(effort)) return { effort };
  throw new SlipwayError("invalid_request", `\`${path}\` must be one of ${[...EFFORTS].join(", ")}.`, { param: path });
}

const temperature = numberBetween(0, 2);
const penalty = numberBetween(-2, 2);
const topP = numberBetween(0, 1);
const tokens = integerFrom(1);
const seed = integerFrom(Number.MIN_SAFE_INTEGER);

/** A body of `POST /v1/chat/completions` in the words of the event model. */
export function decode(value: unknown): DecodedRequest {
  const body = asObject(value, "body");
  refuseSeveralChoices(body);
  const metadata = decodeMetadata(body);
  const streamOptions = optional(body["stream_options"], "stream_options", asObject);
  const extra = decodeExtra(body);
  const toolChoice = optional(body["tool_choice"], "tool_choice", decodeToolChoice);
  const ownChoice = toolChoice === undefined && body["tool_choice"] != null;
  const own = ownChoice ? { ...extra, tool_choice: body["tool_choice"] } : extra;
  const fields = metadata.rest ? { ...own, metadata: metadata.rest } : own;
  const request: { -readonly [Field in keyof ModelRequest]: ModelRequest[Field] } = {
    model: asName(body["model"], "model"),
    messages: decodeMessages(body["messages"]),
    tools: (optional(body["tools"], "tools", asArray) ?? []).map((tool, index) => decodeTool(tool, `tools[${index}]`)),
    stream: optional(body["stream"], "stream", asBoolean) ?? false,
  };
  const set = <Field extends keyof ModelRequest>(field: Field, found: ModelRequest[Field] | undefined): void => {
    if (found !== undefined) request[field] = found;
  };
  set("toolChoice", toolChoice);
  set("parallelToolCalls", optional(body["parallel_tool_calls"], "parallel_tool_calls", asBoolean));
  set(
    "maxOutputTokens",
    optional(body["max_completion_tokens"], "max_completion_tokens", tokens) ??
      optional(body["max_tokens"], "max_tokens", tokens),
  );
  set("temperature", optional(body["temperature"], "temperature", temperature));
  set("topP", optional(body["top_p"], "top_p", topP));
  set("stop", optional(body["stop"], "stop", decodeStop));
  set("topK", optional(body["top_k"], "top_k", tokens));
  set("presencePenalty", optional(body["presence_penalty"], "presence_penalty", penalty));
  set("frequencyPenalty", optional(body["frequency_penalty"], "frequency_penalty", penalty));
  set("reasoning", optional(body["reasoning_effort"], "reasoning_effort", decodeEffort));
  // Both travel to OpenAI under their own names as well.
  set(
    "endUser",
    optional(body["safety_identifier"], "safety_identifier", asString) ?? optional(body["user"], "user", asString),
  );
  set("seed", optional(body["seed"], "seed", seed));
  set("responseFormat", optional(body["response_format"], "response_format", decodeResponseFormat));
  set("extra", fields && { family: "openai", fields });
  return {
    request,
    threadId: metadata.threadId,
    streamUsage: optional(streamOptions?.["include_usage"], "stream_options.include_usage", asBoolean) ?? false,
  };
}
