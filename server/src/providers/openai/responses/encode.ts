import type {
  ModelRequest,
  NativeTool,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from "@slipway/contracts/model/request.ts";
import { arrayOf, objectOf } from "../../wire/json.ts";
import { COMMON_FIELDS, effortOf, endUserId } from "../../wire/openai-fields.ts";
import { extraFields, fieldsOf, unsupported } from "../../wire/unsupported.ts";
import { encodeInput } from "./encode-input.ts";
import { asksForReasoning } from "./reasoning.ts";

type Wire = Record<string, unknown>;

const SEALED = "reasoning.encrypted_content";

function encodeTool(tool: ToolDefinition, index: number, own: boolean): Wire {
  // Here a tool is strict unless it says otherwise; everywhere else it is the other way round.
  const strict = tool.strict ?? (own ? undefined : false);
  return {
    ...fieldsOf(tool.extra, "openai", "openai", `tools[${index}].`),
    type: "function",
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parameters: tool.parameters,
    ...(strict === undefined ? {} : { strict }),
  };
}

function encodeNativeTool({ family, path, value }: NativeTool): Wire {
  if (family === "openai") return value;
  throw unsupported("openai", path, `The tool is one that only the ${family} API runs: leave it out.`);
}

function encodeToolChoice(choice: ToolChoice): unknown {
  return typeof choice === "string" ? choice : { type: "function", name: choice.name };
}

function encodeFormat(format: ResponseFormat): Wire {
  return { ...format };
}

/** The client's fields that are not interpreted. What is written for Chat Completions has partly another name here, or none. */
function clientFields(request: ModelRequest): Wire {
  const extra = extraFields(request, "openai", "openai");
  const fields: Wire = {};
  for (const field in extra) {
    const value = extra[field];
    if (request.format === "openai-responses" || COMMON_FIELDS.has(field)) fields[field] = value;
    else if (field === "verbosity") fields["text"] = { verbosity: value };
    else if (field !== "stream_options" && field !== "modalities")
      throw unsupported("openai", field, "The field is of Chat Completions; this request needs the Responses API.");
  }
  return fields;
}

/** Settings that the Responses API does not have. */
function refuseUnknown(request: ModelRequest): void {
  const hint = "Leave it out; the Responses API has no such setting.";
  for (const field of ["seed", "topK"] as const)
    if (request[field] !== undefined) throw unsupported("openai", field, hint);
  for (const field of ["presencePenalty", "frequencyPenalty"] as const)
    if (request[field]) throw unsupported("openai", field, hint);
  if (request.stop !== undefined && request.stop.length > 0) throw unsupported("openai", "stop", hint);
}

function encodeReasoning(request: ModelRequest, extra: unknown): Wire | undefined {
  const effort = effortOf(request.reasoning);
  const summary = request.reasoning?.show === true ? { summary: "auto" } : {};
  const reasoning = { ...(effort === undefined ? {} : { effort }), ...summary, ...objectOf(extra) };
  return Object.keys(reasoning).length === 0 ? undefined : reasoning;
}

/**
 * The request as the body of `POST /responses` (https://platform.openai.com/docs/api-reference/responses/create). Conversations
 * are kept by this server and not by OpenAI, so that they can go on with any provider: the whole of it is sent, nothing is
 * stored there, and reasoning comes back sealed.
 */
export function encodeBody(request: ModelRequest): string {
  refuseUnknown(request);
  const extra = clientFields(request);
  const own = request.format === "openai-responses";
  const body: Wire = { ...extra, model: request.model, input: encodeInput(request.messages), store: false };
  const set = (field: string, value: unknown): void => {
    if (value !== undefined) body[field] = value;
  };
  const nativeTools = request.nativeTools ?? [];
  if (request.tools.length + nativeTools.length > 0) {
    const tools = request.tools.map((tool, index) => encodeTool(tool, index, own));
    body["tools"] = [...tools, ...nativeTools.map(encodeNativeTool)];
    set("parallel_tool_calls", request.parallelToolCalls);
    if (request.toolChoice !== undefined) body["tool_choice"] = encodeToolChoice(request.toolChoice);
  }
  set("max_output_tokens", request.maxOutputTokens);
  set("temperature", request.temperature);
  set("top_p", request.topP);
  const reasoning = encodeReasoning(request, extra["reasoning"]);
  set("reasoning", reasoning);
  if (request.responseFormat)
    body["text"] = { ...objectOf(extra["text"]), format: encodeFormat(request.responseFormat) };
  if (asksForReasoning(request.model, reasoning) && !arrayOf(extra["include"]).includes(SEALED))
    body["include"] = [...arrayOf(extra["include"]), SEALED];
  if (request.endUser !== undefined && body["user"] === undefined && body["safety_identifier"] === undefined)
    body["safety_identifier"] = endUserId(request.endUser);
  if (request.stream) body["stream"] = true;
  return JSON.stringify(body);
}
