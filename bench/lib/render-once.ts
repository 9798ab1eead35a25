import { readFileSync } from "node:fs";
import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { Rendered } from "../../deploy/src/render/render.ts";

/*
 * One process that has just started and has loaded nothing: it loads what renders, reads a spec and renders it for every target,
 * once. Reads a request from stdin, prints JSON.
 */

/** What to render, and whether to check it as `slipway render` does. */
export interface RenderOnce {
  readonly text: string;
  readonly environments: readonly { readonly target: TargetName; readonly environment: string }[];
  readonly check: boolean;
}

/** What it took, in milliseconds. */
export interface RenderedOnce {
  /** From the first line of the program; the start of the process itself is {@link startMs}. */
  readonly allMs: number;
  readonly startMs: number;
  readonly loadMs: number;
  readonly readMs: number;
  /** Loading the rules; 0 when nothing is checked. */
  readonly rulesMs: number;
  /** The loading of the target included. */
  readonly targets: readonly {
    readonly target: TargetName;
    readonly renderMs: number;
    readonly checkMs: number;
    readonly files: number;
    readonly bytes: number;
  }[];
}

const TODAY = "2026-11-21";

async function once({ text, environments, check }: RenderOnce): Promise<RenderedOnce> {
  const startMs = performance.now();
  let last = startMs;
  const lap = (): number => {
    const from = last;
    last = performance.now();
    return last - from;
  };
  const [{ readSlipwayYaml }, { renderRead }, { loadTarget }] = await Promise.all([
    import("@slipway/contracts/spec/read-yaml.ts"),
    import("../../deploy/src/render/render.ts"),
    import("../../deploy/src/targets/registry.ts"),
  ]);
  const loadMs = lap();
  const read = readSlipwayYaml(text, "slipway.yaml");
  const readMs = lap();
  const rendered: { target: TargetName; renderMs: number; all: Rendered }[] = [];
  for (const { target, environment } of environments) {
    const all = await renderRead(read, { environment }, loadTarget);
    rendered.push({ target, renderMs: lap(), all });
  }
  const checkRendering = check
    ? (await import("../../deploy/src/local/check-rendering.ts")).checkRendering
    : (): void => undefined;
  const rulesMs = lap();
  const targets = rendered.map(({ target, renderMs, all }) => {
    checkRendering(all.target, all.files, TODAY);
    const checkMs = lap();
    const bytes = all.files.reduce((sum, file) => sum + file.text.length, 0);
    return { target, renderMs, checkMs, files: all.files.length, bytes };
  });
  return { allMs: last - startMs, startMs, loadMs, readMs, rulesMs, targets };
}

const request = JSON.parse(readFileSync(0, "utf8")) as RenderOnce;
process.stdout.write(JSON.stringify(await once(request)));
