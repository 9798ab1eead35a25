import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelRequest, ReasoningSettings, ResponseFormat } from "@slipway/contracts/model/request.ts";
import {
  asArray,
  asBoolean,
  asObject,
  asString,
  integerFrom,
  type JsonObject,
  numberBetween,
  optional,
} from "#lib/shape.ts";
import { fieldsOf, otherFields } from "./fields.ts";
import { toJsonSchema } from "./schema.ts";

const READ = new Set([
  "maxOutputTokens",
  "temperature",
  "topP",
  "topK",
  "presencePenalty",
  "frequencyPenalty",
  "stopSequences",
  "seed",
  "candidateCount",
  "responseLogprobs",
  "responseModalities",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "thinkingConfig",
]);
const READ_THINKING = new Set(["includeThoughts", "thinkingBudget", "thinkingLevel"]);

/** The settings that `generationConfig` gives, and what of it is Google's own. */
export interface DecodedConfig {
  readonly settings: Partial<ModelRequest>;
  readonly rest: Record<string, unknown> | undefined;
}

type Settings = { -readonly [Field in keyof ModelRequest]?: ModelRequest[Field] };

const EFFORTS: Readonly<Record<string, ReasoningSettings["effort"]>> = {
  MINIMAL: "minimal",
  LOW: "low",
  MEDIUM: "medium",
  HIGH: "high",
};

function decodeThinking(
  value: unknown,
  path: string,
): { readonly reasoning: ReasoningSettings | undefined; readonly rest: Record<string, unknown> | undefined } {
  const fields = fieldsOf(value, path);
  const rest = otherFields(fields, READ_THINKING);
  const show = optional(fields["includeThoughts"], `${path}.includeThoughts`, asBoolean);
  const budget = optional(fields["thinkingBudget"], `${path}.thinkingBudget`, integerFrom(-1));
  const level = optional(fields["thinkingLevel"], `${path}.thinkingLevel`, asString)?.toUpperCase() ?? "";
  const known = level === "" || level === "THINKING_LEVEL_UNSPECIFIED" || Object.hasOwn(EFFORTS, level);
  const effort = Object.hasOwn(EFFORTS, level) ? EFFORTS[level] : undefined;
  const reasoning: ReasoningSettings = {
    ...(show === undefined ? {} : { show }),
    ...(budget === undefined
      ? {}
      : { ...(budget === -1 ? { adaptive: true } : { budgetTokens: budget }), budgetOf: "google" as const }),
    ...(effort === undefined ? {} : { effort }),
  };
  return {
    reasoning: Object.keys(reasoning).length === 0 ? undefined : reasoning,
    rest: known ? rest : { ...rest, thinkingLevel: fields["thinkingLevel"] },
  };
}

function decodeFormat(config: JsonObject): {
  readonly format: ResponseFormat | undefined;
  readonly rest: Record<string, unknown> | undefined;
} {
  const path = "generationConfig";
  const mime = optional(config["responseMimeType"], `${path}.responseMimeType`, asString);
  const own = optional(config["responseSchema"], `${path}.responseSchema`, asObject);
  const schema =
    optional(config["responseJsonSchema"], `${path}.responseJsonSchema`, asObject) ?? (own && toJsonSchema(own));
  if (mime === "application/json") {
    return {
      format: schema ? { type: "json_schema", name: "response", schema } : { type: "json_object" },
      rest: undefined,
    };
  }
  if (schema === undefined && (mime === undefined || mime === "text/plain"))
    return { format: mime === undefined ? undefined : { type: "text" }, rest: undefined };
  // One of a list of words (`text/x.enum`) and whatever else Google answers in.
  const rest: Record<string, unknown> = {};
  for (const name of ["responseMimeType", "responseSchema", "responseJsonSchema"])
    if (config[name] !== undefined) rest[name] = config[name];
  return { format: undefined, rest };
}

function refuse(param: string, hint: string): SlipwayError {
  return new SlipwayError("unsupported_field", `\`${param}\` is not carried by this server.`, { param, hint });
}

const temperature = numberBetween(0, 2);
const portion = numberBetween(0, 1);
const penalty = numberBetween(-2, 2);
const positive = integerFrom(1);
const seed = integerFrom(Number.MIN_SAFE_INTEGER);

/** Gemini's `generationConfig`. */
export function decodeConfig(value: unknown): DecodedConfig {
  const path = "generationConfig";
  const config = fieldsOf(value, path);
  if ((optional(config["candidateCount"], `${path}.candidateCount`, positive) ?? 1) !== 1)
    throw refuse(`${path}.candidateCount`, "Send the request several times.");
  if (config["responseLogprobs"] === true)
    throw refuse(`${path}.responseLogprobs`, "Leave it out: token probabilities are not carried.");
  const settings: Settings = {};
  const set = <Field extends keyof ModelRequest>(field: Field, found: ModelRequest[Field] | undefined): void => {
    if (found !== undefined) settings[field] = found;
  };
  const read = <T>(name: string, as: (found: unknown, param: string) => T): T | undefined =>
    optional(config[name], `${path}.${name}`, as);
  set("maxOutputTokens", read("maxOutputTokens", positive));
  set("temperature", read("temperature", temperature));
  set("topP", read("topP", portion));
  set("topK", read("topK", positive));
  set("presencePenalty", read("presencePenalty", penalty));
  set("frequencyPenalty", read("frequencyPenalty", penalty));
  set("seed", read("seed", seed));
  const stop = read("stopSequences", asArray)?.map((item, at) => asString(item, `${path}.stopSequences[${at}]`));
  if (stop?.length) set("stop", stop);
  const thinking = read("thinkingConfig", decodeThinking);
  set("reasoning", thinking?.reasoning);
  const { format, rest: otherFormat } = decodeFormat(config);
  set("responseFormat", format);
  const modalities = read("responseModalities", asArray);
  const rest = {
    ...otherFields(config, READ),
    ...otherFormat,
    ...(modalities?.some((modality) => modality !== "TEXT") === true ? { responseModalities: modalities } : {}),
    ...(thinking?.rest === undefined ? {} : { thinkingConfig: thinking.rest }),
  };
  return { settings, rest: Object.keys(rest).length === 0 ? undefined : rest };
}
