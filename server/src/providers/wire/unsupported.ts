import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelRequest, WireFamily } from "@slipway/contracts/model/request.ts";

/** The error for a field that an upstream cannot carry; `param` is its dotted path in the model request. */
export function unsupported(provider: string, param: string, hint: string): SlipwayError {
  return new SlipwayError("unsupported_field", `The provider ${provider} cannot carry \`${param}\`.`, { param, hint });
}

/** The error for a request that no provider could carry. */
export function invalid(param: string, message: string): SlipwayError {
  return new SlipwayError("invalid_request", message, { param });
}

/**
 * The client's uninterpreted fields, which travel as they came to an upstream of the family that they are written for.
 * Throws `unsupported_field` naming the first one when the upstream is of another family.
 */
export function extraFields(
  request: ModelRequest,
  family: WireFamily,
  provider: string,
): Readonly<Record<string, unknown>> {
  const { extra } = request;
  if (!extra) return {};
  if (extra.family === family) return extra.fields;
  const [first] = Object.keys(extra.fields);
  if (first === undefined) return {};
  throw unsupported(
    provider,
    first,
    `The field is of the ${extra.family} API; leave it out or choose a model that speaks this API.`,
  );
}
