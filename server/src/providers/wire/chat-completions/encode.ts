import type { ModelRequest, ResponseFormat, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { isHint } from "../hints.ts";
import { arrayOf, objectOf } from "../json.ts";
import { COMMON_FIELDS, effortOf, endUserId } from "../openai-fields.ts";
import { extraFields, fieldsOf, unsupported } from "../unsupported.ts";
import { encodeMessages } from "./encode-messages.ts";
import type { ChatCompletionsOptions } from "./options.ts";
import { withMark } from "./parts.ts";

type Wire = Record<string, unknown>;

function encodeTool(tool: ToolDefinition, index: number, options: ChatCompletionsOptions): Wire {
  const wire = {
    type: "function",
    function: {
      ...fieldsOf(tool.extra, "openai", options.provider, `tools[${index}].`),
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      parameters: tool.parameters,
      ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    },
  };
  return withMark(wire, tool.cache, options);
}

function encodeToolChoice(choice: ToolChoice): unknown {
  return typeof choice === "string" ? choice : { type: "function", function: { name: choice.name } };
}

function encodeFormat(format: ResponseFormat): Wire {
  if (format.type !== "json_schema") return { type: format.type };
  const { name, schema, strict } = format;
  return { type: "json_schema", json_schema: { name, schema, ...(strict === undefined ? {} : { strict }) } };
}

/** Fields that ask for an answer which the event model cannot hold: it would be paid for and lost. */
function refuseLostAnswers(fields: Readonly<Record<string, unknown>>, provider: string): void {
  const asks =
    (typeof fields["n"] === "number" && fields["n"] !== 1 && "n") ||
    (fields["logprobs"] === true && "logprobs") ||
    (arrayOf(fields["modalities"]).some((modality) => modality !== "text") && "modalities") ||
    (fields["functions"] != null && "functions");
  if (asks) throw unsupported(provider, asks, "Leave the field out; what it asks for would be lost on the way back.");
}

/** The client's fields that are not interpreted. What is written for the Responses API has partly another name here, or none. */
function clientFields(request: ModelRequest, provider: string): Wire {
  const extra = extraFields(request, "openai", provider);
  if (request.format !== "openai-responses") return { ...extra };
  const fields: Wire = {};
  for (const field in extra) {
    const value = extra[field];
    const verbosity = field === "text" ? objectOf(value)["verbosity"] : undefined;
    if (COMMON_FIELDS.has(field)) fields[field] = value;
    else if (verbosity !== undefined && Object.keys(objectOf(value)).length === 1) fields["verbosity"] = verbosity;
    else if (!isHint("openai", field, value)) {
      throw unsupported(provider, field, "The field is of the Responses API, which this upstream is not asked by.");
    }
  }
  return fields;
}

function refuseUnknown(request: ModelRequest, options: ChatCompletionsOptions): void {
  const [native] = request.nativeTools ?? [];
  if (native)
    throw unsupported(options.provider, native.path, "Tools that a vendor runs itself are not to be had here.");
  if (request.topK !== undefined && options.takesTopK !== true)
    throw unsupported(options.provider, "topK", "Leave it out; OpenAI's models take no such setting.");
}

function setEndUser(body: Wire, request: ModelRequest, options: ChatCompletionsOptions): void {
  if (request.endUser === undefined || body["user"] !== undefined || body["safety_identifier"] !== undefined) return;
  body[options.endUserField ?? "user"] = endUserId(request.endUser);
}

/** The request as the body of `POST /chat/completions`. */
export function encodeBody(request: ModelRequest, options: ChatCompletionsOptions): string {
  const extra = clientFields(request, options.provider);
  refuseLostAnswers(extra, options.provider);
  refuseUnknown(request, options);
  const body: Wire = { ...extra, model: request.model, messages: encodeMessages(request.messages, options) };
  const set = (field: string, value: unknown): void => {
    if (value !== undefined) body[field] = value;
  };
  if (request.tools.length > 0) {
    body["tools"] = request.tools.map((tool, index) => encodeTool(tool, index, options));
    // Without tools OpenAI refuses the field, and then it says nothing.
    set("parallel_tool_calls", request.parallelToolCalls);
  }
  if (
    request.toolChoice !== undefined &&
    (request.tools.length > 0 || typeof request.toolChoice !== "string" || request.toolChoice === "required")
  ) {
    body["tool_choice"] = encodeToolChoice(request.toolChoice);
  }
  set(options.maxTokensField, request.maxOutputTokens);
  set("temperature", request.temperature);
  set("top_p", request.topP);
  set("top_k", request.topK);
  set("presence_penalty", request.presencePenalty);
  set("frequency_penalty", request.frequencyPenalty);
  set("stop", request.stop);
  set("seed", request.seed);
  set("reasoning_effort", effortOf(request.reasoning));
  setEndUser(body, request, options);
  if (request.responseFormat) body["response_format"] = encodeFormat(request.responseFormat);
  if (request.stream) {
    body["stream"] = true;
    // Usage is what budgets are settled by, so it is asked for whether or not the client wants to see it.
    body["stream_options"] = { ...objectOf(extra["stream_options"]), include_usage: true };
  }
  return JSON.stringify(body);
}
