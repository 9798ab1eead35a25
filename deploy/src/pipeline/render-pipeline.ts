import { SlipwayError } from "@slipway/contracts/errors.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import type { RenderedFile } from "#render/file.ts";
import { cloudBuildFiles } from "./cloud-build/files.ts";
import { githubFiles } from "./github/workflows.ts";
import { readPipeline } from "./read-pipeline.ts";

/**
 * The files of the pipeline of a `slipway.yaml`, paths from the root of the repository, sorted. Pure; the same text gives the
 * same bytes. Throws `config_invalid` or `spec_incomplete`.
 */
export function renderPipeline(text: string, file: string): readonly RenderedFile[] {
  const pipeline = readPipeline(readSlipwayYaml(text, file));
  const files = pipeline.settings.kind === "github-actions" ? githubFiles(pipeline) : cloudBuildFiles(pipeline);
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const twice = sorted.find(({ path }, index) => sorted[index + 1]?.path === path);
  // One would be written over the other, and what it is for would never be delivered.
  if (twice !== undefined)
    throw new SlipwayError("config_invalid", `Two files of the pipeline would be called ${twice.path}.`, {
      hint: "Give one of the branches, or of the environments, a name that differs in letters and digits.",
    });
  return sorted;
}
