import { readFile } from "node:fs/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { TARGETS } from "@slipway/contracts/spec/environment.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { renderRead } from "../../deploy/src/render/render.ts";
import { loadTarget } from "../../deploy/src/targets/registry.ts";

/* One process: it has started and knows how to render, and then renders a spec for every target, once. Prints JSON. */

const [, , file = "", environment = "", mode = ""] = process.argv;

/** What one target took, in milliseconds, its own loading included. */
type Taken = { target: string; renderMs: number; checkMs: number; files: number };

const text = await readFile(file, "utf8");
const taken: Taken[] = [];
const left: { target: string; why: string }[] = [];
const began = performance.now();
const read = readSlipwayYaml(text, file);
const readMs = performance.now() - began;
for (const target of TARGETS) {
  const from = performance.now();
  try {
    const rendered = await renderRead(read, { environment, target }, loadTarget);
    const done = performance.now();
    if (mode === "check") {
      const { checkRendering } = await import("../../deploy/src/local/check-rendering.ts");
      checkRendering(rendered.target, rendered.files, "2026-11-21");
    }
    taken.push({ target, renderMs: done - from, checkMs: performance.now() - done, files: rendered.files.length });
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    left.push({ target, why: error.message.split("\n")[0] ?? "" });
  }
}
process.stdout.write(JSON.stringify({ allMs: performance.now() - began, readMs, taken, left }));
