import { type ErrorOptions, SlipwayError } from "@slipway/contracts/errors.ts";
import type { Dialect } from "#router/dialects/dialect.ts";

/** The error with the field at fault named as the client wrote it: codecs know fields by our own names. */
export function inClientsWords(error: SlipwayError, names: Dialect["fieldNames"]): SlipwayError {
  const { param, hint, retryAfter, cause } = error;
  if (names === undefined || param === undefined || error.code !== "unsupported_field") return error;
  const ours = /^[A-Za-z]+/.exec(param)?.[0] ?? "";
  const found = Object.entries(names).find(([name]) => name === ours);
  if (!found) return error;
  const theirs = found[1] + param.slice(ours.length);
  const options: ErrorOptions = {
    param: theirs,
    status: error.status,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(cause === undefined ? {} : { cause }),
  };
  return new SlipwayError(error.code, error.message.replaceAll(`\`${param}\``, `\`${theirs}\``), options);
}
