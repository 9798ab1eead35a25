import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { NativeTool, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { asArray, asName, asObject, asString, isObject, type JsonObject, optional } from "#lib/shape.ts";
import { fieldsOf, hasOthers, otherFields } from "./fields.ts";
import { toJsonSchema } from "./schema.ts";

const KNOWN_DECLARATION = new Set(["name", "description", "parameters", "parametersJsonSchema"]);
const KNOWN_CALLING = new Set(["mode", "allowedFunctionNames"]);

/** The request's tools, those that Google runs itself apart. */
export interface DecodedTools {
  readonly tools: readonly ToolDefinition[];
  readonly nativeTools: readonly NativeTool[];
}

function decodeParameters(fields: JsonObject, path: string): JsonObject {
  const asSchema = optional(fields["parameters"], `${path}.parameters`, asObject);
  if (asSchema) return toJsonSchema(asSchema);
  const asJsonSchema = optional(fields["parametersJsonSchema"], `${path}.parametersJsonSchema`, asObject);
  return asJsonSchema ?? { type: "object", properties: {} };
}

function decodeDeclaration(value: unknown, path: string): ToolDefinition {
  const fields = fieldsOf(value, path);
  const description = optional(fields["description"], `${path}.description`, asString);
  // What more it says, such as what the function answers with.
  const others = otherFields(fields, KNOWN_DECLARATION);
  return {
    name: asName(fields["name"], `${path}.name`),
    parameters: decodeParameters(fields, path),
    ...(description === undefined ? {} : { description }),
    ...(others === undefined ? {} : { extra: { family: "google" as const, fields: others } }),
  };
}

/** Gemini's `tools`. */
export function decodeTools(value: unknown): DecodedTools {
  const tools: ToolDefinition[] = [];
  const nativeTools: NativeTool[] = [];
  asArray(value, "tools").forEach((entry, index) => {
    const fields = fieldsOf(entry, `tools[${index}]`);
    for (const name in fields) {
      const path = `tools[${index}].${name}`;
      if (name !== "functionDeclarations") {
        nativeTools.push({ family: "google", path, value: { [name]: fields[name] } });
        continue;
      }
      asArray(fields[name], path).forEach((declaration, at) => {
        tools.push(decodeDeclaration(declaration, `${path}[${at}]`));
      });
    }
  });
  return { tools, nativeTools };
}

/** What `toolConfig` asks for: in our words, or left as it is for Google. */
export interface DecodedToolConfig {
  readonly toolChoice: ToolChoice | undefined;
  readonly rest: JsonObject | undefined;
}

function choiceOf(calling: JsonObject, tools: readonly ToolDefinition[]): ToolChoice | undefined {
  const names = optional(
    calling["allowedFunctionNames"],
    "toolConfig.functionCallingConfig.allowedFunctionNames",
    asArray,
  );
  const [only, ...more] = names ?? [];
  switch (calling["mode"]) {
    case "AUTO":
      return names?.length ? undefined : "auto";
    case "NONE":
      return names?.length ? undefined : "none";
    case "ANY":
      if (only === undefined) return "required";
      if (more.length === 0) {
        return { name: asName(only, "toolConfig.functionCallingConfig.allowedFunctionNames[0]") };
      }
      return tools.every(({ name }) => names?.includes(name)) ? "required" : undefined;
    default:
      return undefined;
  }
}

/** Gemini's `toolConfig`; modes of Google's own (VALIDATED, several allowed functions) travel to Google as they came. */
export function decodeToolConfig(value: unknown, tools: readonly ToolDefinition[]): DecodedToolConfig {
  const { functionCallingConfig, ...rest } = fieldsOf(value, "toolConfig");
  const others = Object.keys(rest).length === 0 ? undefined : rest;
  if (functionCallingConfig === undefined) return { toolChoice: undefined, rest: others };
  const calling = fieldsOf(functionCallingConfig, "toolConfig.functionCallingConfig");
  const { mode } = calling;
  if (mode !== undefined && typeof mode !== "string") {
    throw new SlipwayError("invalid_request", "`toolConfig.functionCallingConfig.mode` must be a string.", {
      param: "toolConfig.functionCallingConfig.mode",
    });
  }
  const silent = (mode === undefined || mode === "MODE_UNSPECIFIED") && calling["allowedFunctionNames"] === undefined;
  const toolChoice = hasOthers(calling, KNOWN_CALLING) ? undefined : choiceOf(calling, tools);
  if (toolChoice !== undefined || (silent && !hasOthers(calling, KNOWN_CALLING))) return { toolChoice, rest: others };
  return { toolChoice: undefined, rest: { ...others, functionCallingConfig: isObject(calling) ? calling : {} } };
}
