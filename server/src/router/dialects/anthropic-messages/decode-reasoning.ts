import type { ReasoningSettings, ResponseFormat } from "@slipway/contracts/model/request.ts";
import { asObject, asString, integerFrom, isObject, type JsonObject, optional } from "#lib/shape.ts";

type Fields = Record<string, unknown>;

const EFFORTS: ReadonlySet<string> = new Set(["low", "medium", "high", "xhigh", "max"]);
const budgetFrom = integerFrom(1);

function isEffort(value: string): value is NonNullable<ReasoningSettings["effort"]> {
  return EFFORTS.has(value);
}

function hasOnly(value: JsonObject, known: readonly string[]): boolean {
  return Object.keys(value).every((key) => known.includes(key) || value[key] === null);
}

// A way of thinking that has no word of ours stays as it is, in `extra`.
function decodeThinking(thinking: JsonObject | undefined, extra: Fields): ReasoningSettings | undefined {
  if (!thinking) return undefined;
  const display = thinking["display"];
  const show = display === "summarized" ? true : display === "omitted" ? false : undefined;
  const known = hasOnly(thinking, ["type", "budget_tokens", "display"]) && (show !== undefined || display == null);
  const shown = show === undefined ? {} : { show };
  if (known && thinking["type"] === "enabled") {
    return { budgetTokens: budgetFrom(thinking["budget_tokens"], "thinking.budget_tokens"), ...shown };
  }
  if (known && thinking["type"] === "disabled") return { budgetTokens: 0 };
  if (known && thinking["type"] === "adaptive") return { adaptive: true, ...shown };
  extra["thinking"] = thinking;
  return undefined;
}

function decodeFormat(value: unknown, path: string): ResponseFormat | undefined {
  const format = optional(value, path, asObject);
  if (!format || format["type"] !== "json_schema" || !hasOnly(format, ["type", "schema"])) return undefined;
  // Anthropic's formats have no name and always hold.
  return { type: "json_schema", name: "answer", schema: asObject(format["schema"], `${path}.schema`), strict: true };
}

/** `thinking` and `output_config`; what of them has no word of ours is added to `extra`. */
export function decodeReasoning(
  body: JsonObject,
  extra: Fields,
): { readonly reasoning: ReasoningSettings | undefined; readonly responseFormat: ResponseFormat | undefined } {
  const thinking = decodeThinking(optional(body["thinking"], "thinking", asObject), extra);
  const { effort, format, ...rest } = optional(body["output_config"], "output_config", asObject) ?? {};
  const word = optional(effort, "output_config.effort", asString);
  const responseFormat = decodeFormat(format, "output_config.format");
  const left: Fields = { ...rest };
  if (word !== undefined && !isEffort(word)) left["effort"] = word;
  if (isObject(format) && !responseFormat) left["format"] = format;
  if (Object.keys(left).length > 0) extra["output_config"] = left;
  if (word === undefined || !isEffort(word)) return { reasoning: thinking, responseFormat };
  // Anthropic's effort is one of the whole answer; alone it switches no thinking on.
  return { reasoning: { adaptive: false, ...thinking, effort: word }, responseFormat };
}
