import { readFile } from "node:fs/promises";
import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { inCheckout } from "#lib/checkout.ts";
import type { RenderedFile } from "#render/file.ts";
import { render } from "#render/render.ts";
import { loadTarget } from "../targets/registry.ts";

/** An example in one of its environments. */
export interface Example {
  readonly system: string;
  readonly environment: string;
  readonly target: TargetName;
}

/** The five systems, by their folders. */
export const SYSTEMS = ["agent-generator", "atp", "copilot", "master-agent", "panelin"] as const;

async function environmentsOf(system: string): Promise<readonly Example[]> {
  const { spec } = readSlipwayYaml(await exampleText(system), `examples/${system}/slipway.yaml`);
  return Object.entries(spec.environments ?? {}).map(([environment, { target }]) => ({ system, environment, target }));
}

/** Every example in every environment. */
export const EXAMPLES: readonly Example[] = (await Promise.all(SYSTEMS.map(environmentsOf))).flat();

/** The text of an example's spec. */
export async function exampleText(system: string): Promise<string> {
  return await readFile(inCheckout("examples", system, "slipway.yaml"), "utf8");
}

/** The text of `copilot` with a second region for its environment `containers`. */
export function inTwoRegions(copilot: string): string {
  const [start = "", end = ""] = copilot.split("  containers:\n");
  const [, network = ""] = /( {8}eu-central-1:\n[^]*?)\n {6}architecture/.exec(end) ?? [];
  const other = network.replaceAll("eu-central-1", "eu-west-1").replaceAll(/(vpc|subnet)-0/g, "$1-1");
  const both = end.replace("[eu-central-1]", "[eu-central-1, eu-west-1]").replace(network, `${network}\n${other}`);
  return `${start}  containers:\n${both}`;
}

/** The ways in which `copilot` runs on AWS that its file does not take: `what it is, its text, an environment`. */
export function variantsOnAws(
  copilot: string,
): readonly (readonly [title: string, text: string, environment: string])[] {
  const inside = (text: string) => text.replace("{ kind: public, hosts: [copilot.acme.example] }", "{ kind: private }");
  return [
    ["streaming", copilot.replace("data: managed", "data: managed\n      streaming: true"), "prod"],
    ["private function", inside(copilot), "prod"],
    [
      "rolling, internal",
      inside(copilot)
        .replace("kind: private", "kind: internal")
        .replace("strategy: canary, steps: [5, 25, 50]", "strategy: rolling"),
      "containers",
    ],
    [
      "blue-green, two regions",
      inTwoRegions(copilot).replace("strategy: canary, steps: [5, 25, 50]", "strategy: blue-green"),
      "containers",
    ],
  ];
}

/** The rendered files of a spec. */
export async function renderText(text: string, environment: string): Promise<readonly RenderedFile[]> {
  return await render({ text, file: "slipway.yaml", environment }, loadTarget);
}

/** The rendered files of an example. */
export async function renderExample({ system, environment }: Example): Promise<readonly RenderedFile[]> {
  return await renderText(await exampleText(system), environment);
}

/** The text of the file at a path. Throws when it is not among them. */
export function textOf(files: readonly RenderedFile[], path: string): string {
  const file = files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`There is no ${path} among ${files.map((one) => one.path).join(", ")}.`);
  return file.text;
}
