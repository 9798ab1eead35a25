import { z } from "zod";

/**
 * The schema of what may be laid over values of `schema`: the same fields, none of them needed and none with a default, and null
 * to take one away. Conditions between fields are left to the whole that comes out.
 */
export function overlayOf(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return described(overlayOf(schema.unwrap()), schema);
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
    const fields = Object.entries(shape).map(([name, field]) => [name, overlayOf(field).nullable().optional()]);
    return described(z.strictObject(Object.fromEntries(fields) as Record<string, z.ZodType>), schema);
  }
  if (schema instanceof z.ZodRecord) {
    const key = schema.keyType;
    return described(z.record(key, overlayOf(schema.valueType).nullable()), schema);
  }
  return schema as z.ZodType;
}

function described(schema: z.ZodType, from: z.core.$ZodType): z.ZodType {
  const description = z.globalRegistry.get(from)?.description;
  return description === undefined ? schema : schema.describe(description);
}
