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
  const { type, ...jsonSchema } = format;
  return { type, json_schema: jsonSchema };
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

/** What the model may and should do, each under its own name. */
function setControls(body: Wire, request: ModelRequest, options: ChatCompletionsOptions): void {
  if (request.maxOutputTokens !== undefined) body[options.maxTokensField] = request.maxOutputTokens;
  if (request.temperature !== undefined) body["temperature"] = request.temperature;
  if (request.topP !== undefined) body["top_p"] = request.topP;
  if (request.topK !== undefined) body["top_k"] = request.topK;
  if (request.presencePenalty !== undefined) body["presence_penalty"] = request.presencePenalty;
  if (request.frequencyPenalty !== undefined) body["frequency_penalty"] = request.frequencyPenalty;
  if (request.stop !== undefined) body["stop"] = request.stop;
  if (request.seed !== undefined) body["seed"] = request.seed;
  const effort = effortOf(request.reasoning);
  if (effort !== undefined) body["reasoning_effort"] = effort;
}

function setTools(body: Wire, request: ModelRequest, options: ChatCompletionsOptions): void {
  const { tools, toolChoice, parallelToolCalls } = request;
  if (tools.length > 0) {
    body["tools"] = tools.map((tool, index) => encodeTool(tool, index, options));
    // Without tools OpenAI refuses the field, and then it says nothing.
    if (parallelToolCalls !== undefined) body["parallel_tool_calls"] = parallelToolCalls;
  }
  if (toolChoice === undefined) return;
  if (tools.length > 0 || typeof toolChoice !== "string" || toolChoice === "required")
    body["tool_choice"] = encodeToolChoice(toolChoice);
}

/** The request as the body of `POST /chat/completions`. */
export function encodeBody(request: ModelRequest, options: ChatCompletionsOptions): string {
  const body = clientFields(request, options.provider);
  const streamOptions = body["stream_options"];
  refuseLostAnswers(body, options.provider);
  refuseUnknown(request, options);
  body["model"] = request.model;
  body["messages"] = encodeMessages(request.messages, options);
  setTools(body, request, options);
  setControls(body, request, options);
  setEndUser(body, request, options);
  if (request.responseFormat) body["response_format"] = encodeFormat(request.responseFormat);
  if (request.stream) {
    body["stream"] = true;
    // Usage is what budgets are settled by, so it is asked for whether or not the client wants to see it.
    body["stream_options"] = { ...objectOf(streamOptions), include_usage: true };
  }
  return JSON.stringify(body);
}
