import type { ResponseFormat } from "@slipway/contracts/model/request.ts";
import type { JsonObject } from "#lib/shape.ts";
import { textOf } from "./json.ts";

/** The schema of an answer for a vendor that has no place beside it for what the answer is for: the schema says it itself. */
export function schemaOf({ schema, description }: Extract<ResponseFormat, { type: "json_schema" }>): JsonObject {
  if (description === undefined || description === "") return schema;
  const own = textOf(schema["description"]);
  return { ...schema, description: own === undefined ? description : `${description}\n${own}` };
}
