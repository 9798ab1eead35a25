import { readFile } from "node:fs/promises";
import { inCheckout } from "#lib/checkout.ts";
import type { RenderedFile } from "#render/file.ts";
import { render } from "#render/render.ts";
import { loadTarget } from "../targets/registry.ts";

/** An example in one of its environments. */
export interface Example {
  readonly system: string;
  readonly environment: string;
  readonly target: "kubernetes" | "compose";
}

/** Every example in every environment that can be rendered. */
export const EXAMPLES: readonly Example[] = [
  { system: "agent-generator", environment: "development", target: "compose" },
  { system: "agent-generator", environment: "staging", target: "kubernetes" },
  { system: "agent-generator", environment: "production", target: "kubernetes" },
  { system: "atp", environment: "development", target: "compose" },
  { system: "atp", environment: "production", target: "kubernetes" },
  { system: "copilot", environment: "dev", target: "compose" },
  { system: "copilot", environment: "staging", target: "compose" },
  { system: "copilot", environment: "enterprise", target: "kubernetes" },
];

/** The text of an example's spec. */
export async function exampleText(system: string): Promise<string> {
  return await readFile(inCheckout("examples", system, "slipway.yaml"), "utf8");
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
