import { SlipwayError } from "@slipway/contracts/errors.ts";
import { asObject, type JsonObject } from "#lib/shape.ts";

function camel(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * A message of Google's API with its fields in camel case and without those that are null: Google takes each field under its
 * JSON name and under its original one, with underscores (https://protobuf.dev/programming-guides/json/). Only this level: what
 * lies deeper may be a map of the client's own names.
 */
export function fieldsOf(value: unknown, param: string): JsonObject {
  const message = asObject(value, param);
  let plain = true;
  for (const name in message) if (message[name] === null || name.includes("_")) plain = false;
  if (plain) return message;
  const fields: Record<string, unknown> = {};
  for (const name in message) {
    if (message[name] === null) continue;
    const field = camel(name);
    if (Object.hasOwn(fields, field)) {
      throw new SlipwayError("invalid_request", `\`${param}.${field}\` is given twice, under both of its names.`, {
        param: `${param}.${field}`,
      });
    }
    fields[field] = message[name];
  }
  return fields;
}

/** The fields that are not among those that were read; undefined when there are none. */
export function otherFields(fields: JsonObject, read: ReadonlySet<string>): Record<string, unknown> | undefined {
  let others: Record<string, unknown> | undefined;
  for (const name in fields) if (!read.has(name)) (others ??= {})[name] = fields[name];
  return others;
}

/** True when a message has fields besides those that were read. */
export function hasOthers(fields: JsonObject, read: ReadonlySet<string>): boolean {
  for (const name in fields) if (!read.has(name)) return true;
  return false;
}
