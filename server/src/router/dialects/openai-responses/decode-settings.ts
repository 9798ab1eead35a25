import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ReasoningSettings, ResponseFormat } from "@slipway/contracts/model/request.ts";
import { asBoolean, asName, asObject, asString, isObject, type JsonObject, optional } from "#lib/shape.ts";

type Fields = Record<string, unknown>;

const EFFORTS: ReadonlySet<string> = new Set(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

function isEffort(value: string): value is NonNullable<ReasoningSettings["effort"]> {
  return EFFORTS.has(value);
}

function withoutNulls(value: JsonObject): Fields {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** `reasoning`; what of it has no word of ours is added to `extra`. */
export function decodeReasoning(value: unknown, extra: Fields): ReasoningSettings | undefined {
  const reasoning = optional(value, "reasoning", asObject);
  if (!reasoning) return undefined;
  const { effort, summary, generate_summary: older, ...rest } = withoutNulls(reasoning);
  const word = optional(effort, "reasoning.effort", asString);
  if (word !== undefined && !isEffort(word)) {
    throw new SlipwayError("invalid_request", `\`reasoning.effort\` must be one of ${[...EFFORTS].join(", ")}.`, {
      param: "reasoning.effort",
    });
  }
  const shown =
    optional(summary, "reasoning.summary", asString) ?? optional(older, "reasoning.generate_summary", asString);
  // How long a summary is to be is OpenAI's affair; that there is to be one is understood by others too.
  const own = shown === undefined || shown === "auto" ? rest : { ...rest, summary: shown };
  if (Object.keys(own).length > 0) extra["reasoning"] = own;
  return { ...(word === undefined ? {} : { effort: word }), ...(shown === undefined ? {} : { show: true }) };
}

/** `text`: its format; what of it has no word of ours is added to `extra`. */
export function decodeText(value: unknown, extra: Fields): ResponseFormat | undefined {
  const text = optional(value, "text", asObject);
  if (!text) return undefined;
  const { format, ...rest } = withoutNulls(text);
  if (Object.keys(rest).length > 0) extra["text"] = rest;
  if (!isObject(format)) return undefined;
  switch (format["type"]) {
    case "text":
      return { type: "text" };
    case "json_object":
      return { type: "json_object" };
    case "json_schema": {
      const strict = optional(format["strict"], "text.format.strict", asBoolean);
      const description = optional(format["description"], "text.format.description", asString);
      return {
        type: "json_schema",
        name: asName(format["name"], "text.format.name"),
        ...(description === undefined ? {} : { description }),
        schema: asObject(format["schema"], "text.format.schema"),
        ...(strict === undefined ? {} : { strict }),
      };
    }
    default:
      throw new SlipwayError("invalid_request", "`text.format.type` must be text, json_object or json_schema.", {
        param: "text.format.type",
      });
  }
}
