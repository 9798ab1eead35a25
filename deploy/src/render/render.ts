import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { resolveCommon, resolveEnvironment } from "#spec/resolve.ts";
import type { Target } from "../targets/target.ts";
import type { RenderedFile } from "./file.ts";

/** What to render. */
export interface RenderRequest {
  /** The text of `slipway.yaml`. */
  readonly text: string;
  /** Its name, for messages. */
  readonly file: string;
  readonly environment: string;
  readonly target?: TargetName | undefined;
  readonly digest?: string | undefined;
}

/** Where targets come from. */
export type Targets = (name: TargetName) => Promise<Target>;

/**
 * The files of a system in one environment, sorted by path. The same text gives the same bytes. Throws `config_invalid`,
 * `spec_incomplete`, `target_unsupported` or `usage`.
 */
export async function render(request: RenderRequest, targets: Targets): Promise<readonly RenderedFile[]> {
  const read = readSlipwayYaml(request.text, request.file);
  const spec = resolveEnvironment(read, request.environment, request);
  const target = await targets(spec.environment.target);
  const common = resolveCommon(read, spec.environment.target, request.digest);
  const files = [...target.render({ spec, common })].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, { path }] of files.entries()) {
    if (files[index + 1]?.path === path) throw new SlipwayError("internal", `Two rendered files are called ${path}.`);
  }
  return files;
}
