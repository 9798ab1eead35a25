import type { ModelRequest, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { objectOf } from "../wire/json.ts";
import { schemaOf } from "../wire/schema-of.ts";
import { extraFields, fieldsOf, unsupported } from "../wire/unsupported.ts";
import { encodeContents } from "./encode-contents.ts";
import { encodeThinking } from "./thinking.ts";

type Wire = Record<string, unknown>;

function encodeTool(tool: ToolDefinition, index: number): Wire {
  return {
    ...fieldsOf(tool.extra, "google", "google", `tools[${index}].`),
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    parametersJsonSchema: tool.parameters,
  };
}

// Google has no flag for one strict tool; its mode VALIDATED holds all calls to their schemas, and ANY does so by itself.
function encodeCalling(choice: ToolChoice | undefined, tools: readonly ToolDefinition[]): Wire | undefined {
  if (choice === "none") return { mode: "NONE" };
  if (choice === "required") return { mode: "ANY" };
  if (typeof choice === "object") return { mode: "ANY", allowedFunctionNames: [choice.name] };
  if (tools.some((tool) => tool.strict === true)) return { mode: "VALIDATED" };
  return choice === undefined ? undefined : { mode: "AUTO" };
}

/** Settings that ask for an answer which the event model cannot hold: it would be paid for and lost. */
function refuseLostAnswers(extra: Readonly<Record<string, unknown>>): void {
  const config = objectOf(extra["generationConfig"]);
  const calling = objectOf(objectOf(extra["toolConfig"])["functionCallingConfig"]);
  const asks =
    (typeof config["candidateCount"] === "number" &&
      config["candidateCount"] !== 1 &&
      "generationConfig.candidateCount") ||
    (config["responseLogprobs"] === true && "generationConfig.responseLogprobs") ||
    (calling["streamFunctionCallArguments"] === true && "toolConfig.functionCallingConfig.streamFunctionCallArguments");
  if (asks) throw unsupported("google", asks, "Leave the field out; what it asks for would be lost on the way back.");
}

function encodeConfig(request: ModelRequest, extra: unknown): Wire {
  const config: Wire = { ...objectOf(extra) };
  const set = (field: string, value: unknown): void => {
    if (value !== undefined) config[field] = value;
  };
  set("maxOutputTokens", request.maxOutputTokens);
  set("temperature", request.temperature);
  set("topP", request.topP);
  set("topK", request.topK);
  set("presencePenalty", request.presencePenalty);
  set("frequencyPenalty", request.frequencyPenalty);
  set("stopSequences", request.stop);
  set("seed", request.seed);
  const { reasoning, responseFormat } = request;
  if (reasoning)
    config["thinkingConfig"] = { ...objectOf(config["thinkingConfig"]), ...encodeThinking(reasoning, request.model) };
  if (responseFormat && responseFormat.type !== "text") config["responseMimeType"] = "application/json";
  // Google's own `responseSchema` is a subset of JSON Schema in words of its own; this field takes JSON Schema as it is.
  if (responseFormat?.type === "json_schema") config["responseJsonSchema"] = schemaOf(responseFormat);
  return config;
}

function encodeTools(request: ModelRequest): Wire[] {
  const tools: Wire[] = request.tools.length === 0 ? [] : [{ functionDeclarations: request.tools.map(encodeTool) }];
  for (const { family, path, value } of request.nativeTools ?? []) {
    if (family !== "google")
      throw unsupported("google", path, `The tool is run by a vendor of the ${family} API; leave it out.`);
    tools.push(value);
  }
  return tools;
}

/**
 * The request as fields of a `GenerateContentRequest` (https://ai.google.dev/api/generate-content). The id of the end user is
 * left out: Google has no place for it.
 */
export function encodeFields(request: ModelRequest): Wire {
  const extra = extraFields(request, "google", "google");
  refuseLostAnswers(extra);
  // One tool that must be called is called once: that is how answers after a schema are asked for by a tool.
  const single = request.tools.length === 1 && request.toolChoice !== undefined && request.toolChoice !== "auto";
  if (request.parallelToolCalls === false && !single) {
    throw unsupported(
      "google",
      "parallelToolCalls",
      "Leave it out; Google's models call as many tools at once as they see fit.",
    );
  }
  const { contents, systemInstruction } = encodeContents(request.messages, request.model);
  const body: Wire = { ...extra, contents };
  if (systemInstruction) body["systemInstruction"] = systemInstruction;
  const tools = encodeTools(request);
  if (tools.length > 0) body["tools"] = tools;
  const calling =
    request.tools.length > 0 || request.toolChoice === "required"
      ? encodeCalling(request.toolChoice, request.tools)
      : undefined;
  if (calling) body["toolConfig"] = { ...objectOf(extra["toolConfig"]), functionCallingConfig: calling };
  const config = encodeConfig(request, extra["generationConfig"]);
  if (Object.keys(config).length > 0) body["generationConfig"] = config;
  return body;
}

/** The request as the body of `generateContent`. */
export function encodeBody(request: ModelRequest): string {
  return JSON.stringify(encodeFields(request));
}

/** `models/<name>` or `tunedModels/<name>`, safe within a path. Throws `model_not_found` for a name that is none. */
export function modelPath(model: string): string {
  const [collection, name] = /^(models|tunedModels)\/(.*)$/s.exec(model)?.slice(1) ?? ["models", model];
  if (name === undefined || /^\.*$/.test(name) || name.includes("/") || !name.isWellFormed()) {
    throw new SlipwayError("model_not_found", "The provider google offers no model of this name.", { param: "model" });
  }
  return `${collection}/${encodeURIComponent(name)}`;
}
