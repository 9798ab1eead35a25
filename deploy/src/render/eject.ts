import type { Runbook } from "../targets/target.ts";
import { type Rendered, type RenderRequest, renderSystem, type Targets } from "./render.ts";
import { asOwn } from "./yaml.ts";

const TITLES: Readonly<Record<keyof Runbook, string>> = {
  needs: "What you need",
  bootstrap: "Bootstrap",
  deploy: "Deploy",
  rollBack: "Roll back",
  callPrivate: "Call a private service",
  debug: "Debug",
};

/**
 * The files of a system as its own: the rendering and a `RUNBOOK.md` with the vendor's own commands, which want no Slipway.
 * Throws what rendering throws.
 */
export async function eject(request: RenderRequest, targets: Targets): Promise<Rendered> {
  const rendered = await renderSystem(request, targets);
  const { spec, common, target } = rendered;
  const runbook = target.runbook({ spec, common });
  const own = rendered.files.map(({ path, text }) => ({ path, text: asOwn(text) }));
  const text = page(`${spec.name}, environment ${request.environment}`, target.name, runbook);
  return { ...rendered, files: [...own, { path: "RUNBOOK.md", text }] };
}

function page(system: string, target: string, runbook: Runbook): string {
  const sections = (Object.keys(TITLES) as (keyof Runbook)[]).map(
    (part) => `## ${TITLES[part]}\n\n${runbook[part].trim()}\n`,
  );
  return `# Runbook: ${system}, on ${target}\n\nThese files are yours: nothing here needs Slipway. Run commands in this folder.\n\n${sections.join("\n")}`;
}
