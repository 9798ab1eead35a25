import type { ModelRequest, ToolChoice, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { arrayOf, objectOf } from "../wire/json.ts";
import { extraFields, unsupported } from "../wire/unsupported.ts";
import { encodeContents } from "./encode-contents.ts";

type Wire = Record<string, unknown>;

function encodeTool(tool: ToolDefinition): Wire {
  return {
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
function refuseLostAnswers(config: Readonly<Record<string, unknown>>): void {
  const asks =
    (typeof config["candidateCount"] === "number" && config["candidateCount"] !== 1 && "candidateCount") ||
    (arrayOf(config["responseModalities"]).some((modality) => modality !== "TEXT") && "responseModalities") ||
    (config["responseLogprobs"] === true && "responseLogprobs");
  if (asks)
    throw unsupported(
      "google",
      `generationConfig.${asks}`,
      "Leave the field out; what it asks for would be lost on the way back.",
    );
}

function encodeConfig(request: ModelRequest, extra: unknown): Wire {
  const config: Wire = { ...objectOf(extra) };
  refuseLostAnswers(config);
  const set = (field: string, value: unknown): void => {
    if (value !== undefined) config[field] = value;
  };
  set("maxOutputTokens", request.maxOutputTokens);
  set("temperature", request.temperature);
  set("topP", request.topP);
  set("stopSequences", request.stop);
  set("seed", request.seed);
  const { responseFormat } = request;
  if (responseFormat && responseFormat.type !== "text") config["responseMimeType"] = "application/json";
  if (responseFormat?.type === "json_schema") config["responseJsonSchema"] = responseFormat.schema;
  return config;
}

/** The request as the body of `generateContent` (https://ai.google.dev/api/generate-content). */
export function encodeBody(request: ModelRequest): string {
  const extra = extraFields(request, "google", "google");
  if (request.parallelToolCalls === false) {
    throw unsupported(
      "google",
      "parallelToolCalls",
      "Leave it out; Google's models call as many tools at once as they see fit.",
    );
  }
  const { contents, systemInstruction } = encodeContents(request.messages, request.model);
  const body: Wire = { ...extra, contents };
  if (systemInstruction) body["systemInstruction"] = systemInstruction;
  if (request.tools.length > 0) body["tools"] = [{ functionDeclarations: request.tools.map(encodeTool) }];
  const calling =
    request.tools.length > 0 || request.toolChoice === "required"
      ? encodeCalling(request.toolChoice, request.tools)
      : undefined;
  if (calling) body["toolConfig"] = { ...objectOf(extra["toolConfig"]), functionCallingConfig: calling };
  const config = encodeConfig(request, extra["generationConfig"]);
  if (Object.keys(config).length > 0) body["generationConfig"] = config;
  return JSON.stringify(body);
}

/** `models/<name>` or `tunedModels/<name>`, safe within a path. Throws `model_not_found` for a name that is none. */
export function modelPath(model: string): string {
  const [collection, name] = /^(models|tunedModels)\/(.*)$/s.exec(model)?.slice(1) ?? ["models", model];
  if (name === undefined || /^\.*$/.test(name) || name.includes("/") || !name.isWellFormed()) {
    throw new SlipwayError("model_not_found", "The provider google offers no model of this name.", { param: "model" });
  }
  return `${collection}/${encodeURIComponent(name)}`;
}
