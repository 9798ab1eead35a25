import { z } from "zod";

/**
 * The id of a thing of the caller's tenant. The kind stands in the schema (`x-id-of`), so that whoever reads the schemas knows each
 * place where a request names something: the isolation matrix puts other tenants' ids there.
 */
export function idOf(kind: string) {
  return z.string().min(1).max(128).meta({ "x-id-of": kind });
}
