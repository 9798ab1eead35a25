import type { NativeTool, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { asArray, asBoolean, asName, asObject, asString, isObject, type JsonObject, optional } from "#lib/shape.ts";

function decodeFunction(tool: JsonObject, path: string): ToolDefinition {
  const { type: _type, name, description, parameters, strict, ...rest } = tool;
  const text = optional(description, `${path}.description`, asString);
  const isStrict = optional(strict, `${path}.strict`, asBoolean);
  const fields = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  return {
    name: asName(name, `${path}.name`),
    parameters: optional(parameters, `${path}.parameters`, asObject) ?? { type: "object", properties: {} },
    ...(text === undefined ? {} : { description: text }),
    ...(isStrict === undefined ? {} : { strict: isStrict }),
    ...(Object.keys(fields).length === 0 ? {} : { extra: { family: "openai", fields } }),
  };
}

/** `tools`: functions of the client, and tools that OpenAI defines or runs. */
export function decodeTools(value: unknown): {
  readonly tools: readonly ToolDefinition[];
  readonly nativeTools: readonly NativeTool[] | undefined;
} {
  const tools: ToolDefinition[] = [];
  const nativeTools: NativeTool[] = [];
  (optional(value, "tools", asArray) ?? []).forEach((item, index) => {
    const path = `tools[${index}]`;
    const tool = asObject(item, path);
    if (asString(tool["type"], `${path}.type`) === "function") tools.push(decodeFunction(tool, path));
    else nativeTools.push({ family: "openai", path, value: tool });
  });
  return { tools, nativeTools: nativeTools.length > 0 ? nativeTools : undefined };
}

/** `tool_choice` where we have a word for it; undefined for a choice that only OpenAI knows. */
export function decodeToolChoice(value: unknown): ToolChoice | undefined {
  if (value === "auto" || value === "none" || value === "required") return value;
  if (isObject(value) && value["type"] === "function") return { name: asName(value["name"], "tool_choice.name") };
  return undefined;
}
