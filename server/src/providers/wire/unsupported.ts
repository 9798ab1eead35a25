import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { FamilyFields, Message, ModelRequest, NativePart, WireFamily } from "@slipway/contracts/model/request.ts";
import { isObject } from "#lib/shape.ts";
import { isHint } from "./hints.ts";

/** The error for a field that an upstream cannot carry; `param` is its dotted path in the model request. */
export function unsupported(provider: string, param: string, hint: string): SlipwayError {
  return new SlipwayError("unsupported_field", `The provider ${provider} cannot carry \`${param}\`.`, { param, hint });
}

/** The error for a request that no provider could carry. */
export function invalid(param: string, message: string): SlipwayError {
  return new SlipwayError("invalid_request", message, { param });
}

/** Throws `unsupported_field` for a speaker's name, for an upstream that knows roles only. */
export function refuseName(message: Message, provider: string, path: string): void {
  if (message.name === undefined) return;
  throw unsupported(provider, `${path}.name`, "Leave it out, and say in the text who speaks.");
}

/** Throws `unsupported_field` unless the block is of this family. */
export function refuseNative(part: NativePart, family: WireFamily, provider: string, path: string): void {
  if (part.family === family) return;
  const type = typeof part.value["type"] === "string" ? ` of type ${part.value["type"].slice(0, 64)}` : "";
  throw unsupported(
    provider,
    path,
    `The block${type} is one that only the ${part.family} API knows: leave it out, or choose a model that speaks this API.`,
  );
}

// Google gathers settings in objects of its own; which of them it is says more than their name.
const GATHERED = new Set(["generationConfig", "toolConfig", "thinkingConfig", "functionCallingConfig"]);

function nameOf(field: string, value: unknown): string {
  const [first] = GATHERED.has(field) && isObject(value) ? Object.entries(value) : [];
  return first ? `${field}.${nameOf(first[0], first[1])}` : field;
}

/**
 * Fields that we do not interpret, which travel as they came to an upstream of the family that they are written for. At any
 * other upstream hints are left out, for they change no answer.
 * Throws `unsupported_field` naming the first field that is no hint, with `prefix` before its name.
 */
export function fieldsOf(
  extra: FamilyFields | undefined,
  family: WireFamily,
  provider: string,
  prefix: string,
): Readonly<Record<string, unknown>> {
  if (!extra) return {};
  if (extra.family === family) return extra.fields;
  for (const field in extra.fields) {
    if (isHint(extra.family, field, extra.fields[field])) continue;
    throw unsupported(
      provider,
      `${prefix}${nameOf(field, extra.fields[field])}`,
      `The field is of the ${extra.family} API; leave it out or choose a model that speaks this API.`,
    );
  }
  return {};
}

/** {@link fieldsOf} the request's body. */
export function extraFields(
  request: Pick<ModelRequest, "extra">,
  family: WireFamily,
  provider: string,
): Readonly<Record<string, unknown>> {
  return fieldsOf(request.extra, family, provider, "");
}
