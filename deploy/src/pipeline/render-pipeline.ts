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
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}
