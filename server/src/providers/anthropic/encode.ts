import type {
  ModelRequest,
  NativeTool,
  ResponseFormat,
  ToolChoice,
  ToolDefinition,
} from "@slipway/contracts/model/request.ts";
import { countOf, objectOf } from "../wire/json.ts";
import { schemaOf } from "../wire/schema-of.ts";
import { extraFields, fieldsOf, unsupported } from "../wire/unsupported.ts";
import { encodeMessages } from "./encode-messages.ts";
import { withCache } from "./media.ts";
import { encodeThinking } from "./thinking.ts";

type Wire = Record<string, unknown>;

/**
 * Output tokens asked for when the request names no bound, which Anthropic requires. 16,384 is within what every model from
 * Claude Sonnet 4 and Haiku 4.5 on can answer (https://platform.claude.com/docs/en/about-claude/models/overview). A thinking
 * budget comes on top, because Anthropic counts thinking into the bound.
 */
export const DEFAULT_MAX_TOKENS = 16_384;

function encodeTool(tool: ToolDefinition, index: number): Wire {
  return withCache(
    {
      ...fieldsOf(tool.extra, "anthropic", "anthropic", `tools[${index}].`),
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      // Anthropic insists on the type at the top, which a schema without parameters may lack.
      input_schema: tool.parameters["type"] === undefined ? { type: "object", ...tool.parameters } : tool.parameters,
      ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    },
    tool.cache,
  );
}

function encodeNativeTool({ family, path, value }: NativeTool): Wire {
  if (family === "anthropic") return value;
  throw unsupported("anthropic", path, `The tool is one that only the ${family} API runs: leave it out.`);
}

const CHOICES = { auto: "auto", none: "none", required: "any" } as const;

function encodeToolChoice(choice: ToolChoice | undefined, parallel: boolean | undefined): Wire | undefined {
  const wire: Wire | undefined =
    choice === undefined
      ? undefined
      : typeof choice === "string"
        ? { type: CHOICES[choice] }
        : { type: "tool", name: choice.name };
  if (parallel !== false || wire?.["type"] === "none") return wire;
  return { ...(wire ?? { type: "auto" }), disable_parallel_tool_use: true };
}

/** `output_config` (https://platform.claude.com/docs/en/build-with-claude/structured-outputs): no name, and always strict. */
function encodeOutputConfig(
  format: ResponseFormat | undefined,
  effort: string | undefined,
  extra: unknown,
): Wire | undefined {
  if (format?.type === "json_object") {
    throw unsupported("anthropic", "responseFormat", "Anthropic answers in JSON after a schema only: give one.");
  }
  const schema = format?.type === "json_schema" ? schemaOf(format) : undefined;
  if (schema === undefined && effort === undefined && extra === undefined) return undefined;
  return {
    ...objectOf(extra),
    ...(effort === undefined ? {} : { effort }),
    ...(schema === undefined ? {} : { format: { type: "json_schema", schema } }),
  };
}

/** What Anthropic's models have no setting for. */
function refuseUnknown(request: ModelRequest): void {
  if (request.seed !== undefined)
    throw unsupported("anthropic", "seed", "Leave it out; Anthropic's models take no seed.");
  // A penalty of 0 is none.
  for (const field of ["presencePenalty", "frequencyPenalty"] as const) {
    if (request[field]) throw unsupported("anthropic", field, "Leave it out; Anthropic's models take no penalties.");
  }
}

/** The request as the body of `POST /v1/messages` (https://platform.claude.com/docs/en/api/messages). */
export function encodeBody(request: ModelRequest): string {
  const extra = extraFields(request, "anthropic", "anthropic");
  refuseUnknown(request);
  const { system, messages } = encodeMessages(request.messages);
  const { thinking, effort, budget } = encodeThinking(request.reasoning, request.model, request.maxOutputTokens);
  const room = budget > 0 ? budget : countOf(objectOf(extra["thinking"])["budget_tokens"]);
  const body: Wire = {
    ...extra,
    model: request.model,
    max_tokens: request.maxOutputTokens ?? DEFAULT_MAX_TOKENS + room,
    messages,
  };
  const set = (field: string, value: unknown): void => {
    if (value !== undefined) body[field] = value;
  };
  const [only] = system;
  if (only) body["system"] = system.length === 1 && only["cache_control"] === undefined ? only["text"] : system;
  const nativeTools = request.nativeTools ?? [];
  if (request.tools.length + nativeTools.length > 0) {
    body["tools"] = [...request.tools.map(encodeTool), ...nativeTools.map(encodeNativeTool)];
    set("tool_choice", encodeToolChoice(request.toolChoice, request.parallelToolCalls));
  } else if (request.toolChoice === "required" || typeof request.toolChoice === "object") {
    set("tool_choice", encodeToolChoice(request.toolChoice, undefined));
  }
  set("temperature", request.temperature);
  set("top_p", request.topP);
  set("top_k", request.topK);
  set("stop_sequences", request.stop);
  set("thinking", thinking);
  set("output_config", encodeOutputConfig(request.responseFormat, effort, extra["output_config"]));
  if (request.endUser !== undefined) {
    body["metadata"] = { ...objectOf(extra["metadata"]), user_id: request.endUser };
  }
  if (request.stream) body["stream"] = true;
  return JSON.stringify(body);
}
