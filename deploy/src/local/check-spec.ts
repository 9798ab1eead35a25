import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { resolveEnvironment } from "#spec/resolve.ts";
import { readSpecFile } from "./spec-file.ts";

/** Reads a spec and puts every environment together. A line for each; throws what is wrong with the first that is not right. */
export async function checkSpec(file: string, environment: string | undefined): Promise<string> {
  const read = readSlipwayYaml(await readSpecFile(file), file);
  const names = environment === undefined ? Object.keys(read.spec.environments ?? {}) : [environment];
  const lines = names.map((name) => {
    const spec = resolveEnvironment(read, name);
    return `ok  ${name}: ${spec.environment.target}, ${spec.services.map((service) => service.name).join(", ")}\n`;
  });
  return lines.length === 0 ? `ok  ${file}: no environments\n` : lines.join("");
}
