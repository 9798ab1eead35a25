import { z } from "@slipway/contracts/agent.ts";

/**
 * A tool's input as the JSON Schema that models are shown (draft 2020-12). Throws an `Error` with a sentence when the schema cannot
 * be represented, or is not one of an object, which is what models send.
 */
export function toolParameters(input: z.ZodType): Readonly<Record<string, unknown>> {
  const schema: Record<string, unknown> = { ...z.toJSONSchema(input, { io: "input", unrepresentable: "throw" }) };
  if (schema["type"] !== "object") {
    throw new Error("must be an object schema such as z.object({ … }), because models send arguments as an object");
  }
  delete schema["$schema"];
  delete schema["~standard"];
  return Object.freeze(schema);
}
