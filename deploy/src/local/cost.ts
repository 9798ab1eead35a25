import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { estimateCost } from "#cost/cost.ts";
import { priceSource } from "#cost/prices/all.ts";
import { costForPeople } from "#cost/text.ts";
import { resolveEnvironment } from "#spec/resolve.ts";
import { targetName } from "./target-name.ts";
import { readSpecFile } from "./spec-file.ts";
import { publishedTokenPrices } from "./token-prices.ts";

/** What the command line says. */
export interface CostFlags {
  readonly spec: string;
  readonly env: string;
  readonly target?: string;
  readonly requestsPerDay: readonly number[];
  readonly format: "text" | "json";
}

/** The estimate of an environment, as it is printed. Throws what reading the spec throws. */
export async function costText(flags: CostFlags): Promise<string> {
  const read = readSlipwayYaml(await readSpecFile(flags.spec), flags.spec);
  const target = flags.target === undefined ? undefined : targetName(flags.target);
  const spec = resolveEnvironment(read, flags.env, { target });
  const today = new Date().toISOString().slice(0, 10);
  const report = estimateCost(spec, flags.requestsPerDay, {
    prices: priceSource(),
    tokens: publishedTokenPrices,
    today,
  });
  return flags.format === "json" ? `${JSON.stringify(report, null, 2)}\n` : costForPeople(report);
}
