import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { NativeTool, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { asArray, asBoolean, asName, asObject, asString, type JsonObject, optional } from "#lib/shape.ts";
import { decodeCache } from "./cache-control.ts";

function decodeCustom(tool: JsonObject, path: string): ToolDefinition {
  const { type: _type, name, description, input_schema: schema, strict, cache_control: _cache, ...rest } = tool;
  const text = optional(description, `${path}.description`, asString);
  const isStrict = optional(strict, `${path}.strict`, asBoolean);
  return {
    name: asName(name, `${path}.name`),
    parameters: asObject(schema, `${path}.input_schema`),
    ...(text === undefined ? {} : { description: text }),
    ...(isStrict === undefined ? {} : { strict: isStrict }),
    ...decodeCache(tool, path),
    ...(Object.keys(rest).length === 0 ? {} : { extra: { family: "anthropic", fields: rest } }),
  };
}

/** `tools`: those of the client, and those that Anthropic defines or runs. */
export function decodeTools(value: unknown): {
  readonly tools: readonly ToolDefinition[];
  readonly nativeTools: readonly NativeTool[] | undefined;
} {
  const tools: ToolDefinition[] = [];
  const nativeTools: NativeTool[] = [];
  (optional(value, "tools", asArray) ?? []).forEach((item, index) => {
    const path = `tools[${index}]`;
    const tool = asObject(item, path);
    const type = optional(tool["type"], `${path}.type`, asString) ?? "custom";
    if (type === "custom") tools.push(decodeCustom(tool, path));
    else nativeTools.push({ family: "anthropic", path, value: tool });
  });
  return { tools, nativeTools: nativeTools.length > 0 ? nativeTools : undefined };
}

const CHOICES: Readonly<Record<string, ToolChoice>> = { auto: "auto", any: "required", none: "none" };

/** `tool_choice`: what it chooses, and whether calls may come together. */
export function decodeToolChoice(value: unknown): {
  readonly toolChoice: ToolChoice | undefined;
  readonly parallelToolCalls: boolean | undefined;
} {
  const choice = optional(value, "tool_choice", asObject);
  if (!choice) return { toolChoice: undefined, parallelToolCalls: undefined };
  const type = asString(choice["type"], "tool_choice.type");
  const alone = optional(choice["disable_parallel_tool_use"], "tool_choice.disable_parallel_tool_use", asBoolean);
  const toolChoice =
    type === "tool"
      ? { name: asName(choice["name"], "tool_choice.name") }
      : Object.hasOwn(CHOICES, type)
        ? CHOICES[type]
        : undefined;
  if (toolChoice === undefined) {
    throw new SlipwayError("invalid_request", "`tool_choice.type` must be auto, any, tool or none.", {
      param: "tool_choice.type",
    });
  }
  return { toolChoice, parallelToolCalls: alone === undefined ? undefined : !alone };
}
