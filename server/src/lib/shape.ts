import { SlipwayError } from "@slipway/contracts/errors.ts";

/** A JSON object whose fields have not been looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for a JSON object, not for an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(param: string, expected: string): SlipwayError {
  return new SlipwayError("invalid_request", `\`${param}\` must be ${expected}.`, { param });
}

/** The value as an object, or `invalid_request` naming the field. */
export function asObject(value: unknown, param: string): JsonObject {
  if (!isObject(value)) throw wrong(param, "an object");
  return value;
}

/** The value as an array, or `invalid_request` naming the field. */
export function asArray(value: unknown, param: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(param, "an array");
  return value;
}

/** The value as text, or `invalid_request` naming the field. */
export function asString(value: unknown, param: string): string {
  if (typeof value !== "string") throw wrong(param, "a string");
  return value;
}

/** Text that is not empty, or `invalid_request` naming the field. */
export function asName(value: unknown, param: string): string {
  if (typeof value !== "string" || value === "") throw wrong(param, "a string that is not empty");
  return value;
}

/** A field that may be absent or null: undefined then, else what `read` makes of it. */
export function optional<T>(value: unknown, param: string, read: (value: unknown, param: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, param);
}

/** The value as true or false, or `invalid_request` naming the field. */
export function asBoolean(value: unknown, param: string): boolean {
  if (typeof value !== "boolean") throw wrong(param, "true or false");
  return value;
}

/** A reader of finite numbers within bounds, for use with {@link optional}. */
export function numberBetween(least: number, most: number): (value: unknown, param: string) => number {
  return (value, param) => {
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      throw wrong(param, `a number from ${least} to ${most}`);
    }
    return value;
  };
}

/** A reader of whole numbers from `least` up, for use with {@link optional}. */
export function integerFrom(least: number): (value: unknown, param: string) => number {
  return (value, param) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
      throw wrong(param, `a whole number from ${least} up`);
    }
    return value;
  };
}
