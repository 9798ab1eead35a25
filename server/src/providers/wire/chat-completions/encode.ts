import type { ModelRequest, ResponseFormat, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { arrayOf, objectOf } from "../json.ts";
import { extraFields, unsupported } from "../unsupported.ts";
import { encodeMessages } from "./encode-messages.ts";
import type { ChatCompletionsOptions } from "./options.ts";

type Wire = Record<string, unknown>;

function encodeTool(tool: ToolDefinition): Wire {
  return {
    type: "function",
    function: {
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      parameters: tool.parameters,
      ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    },
  };
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

/** The request as the body of `POST /chat/completions`. */
export function encodeBody(request: ModelRequest, options: ChatCompletionsOptions): string {
  const extra = extraFields(request, "openai", options.provider);
  refuseLostAnswers(extra, options.provider);
  const body: Wire = { ...extra, model: request.model, messages: encodeMessages(request.messages, options) };
  const set = (field: string, value: unknown): void => {
    if (value !== undefined) body[field] = value;
  };
  if (request.tools.length > 0) {
    body["tools"] = request.tools.map(encodeTool);
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
  set("stop", request.stop);
  set("seed", request.seed);
  if (request.responseFormat) body["response_format"] = encodeFormat(request.responseFormat);
  if (request.stream) {
    body["stream"] = true;
    // Usage is what budgets are settled by, so it is asked for whether or not the client wants to see it.
    body["stream_options"] = { ...objectOf(extra["stream_options"]), include_usage: true };
  }
  return JSON.stringify(body);
}
