import { slipwayYamlSchema } from "@slipway/contracts/spec/slipway-yaml.ts";
import { z } from "zod";

/** The schema of `slipway.yaml` as JSON Schema 2020-12, as text: what editors offer and underline. */
export function specJsonSchema(): string {
  const schema = z.toJSONSchema(slipwayYamlSchema, { io: "input", target: "draft-2020-12", reused: "inline" });
  return `${JSON.stringify({ ...schema, title: "slipway.yaml" }, null, 1)}\n`;
}
