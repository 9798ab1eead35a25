import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import { type ReadYaml, readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import type { Spec } from "#spec/spec.ts";
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

/** What a request led to. */
export interface Rendered {
  /** Sorted by path. */
  readonly files: readonly RenderedFile[];
  readonly spec: Spec;
  /** What all environments have in common. */
  readonly common: Spec;
  readonly target: Target;
}

/**
 * A system in one environment with its files. The same text gives the same bytes. Throws `config_invalid`, `spec_incomplete`
 * or `usage`.
 */
export async function renderSystem(request: RenderRequest, targets: Targets): Promise<Rendered> {
  return await renderRead(readSlipwayYaml(request.text, request.file), request, targets);
}

/** As {@link renderSystem}, of a file that was read before: reading costs as much as rendering, and is the same for every target. */
export async function renderRead(
  read: ReadYaml,
  request: Pick<RenderRequest, "environment" | "target" | "digest">,
  targets: Targets,
): Promise<Rendered> {
  const spec = resolveEnvironment(read, request.environment, request);
  const target = await targets(spec.environment.target);
  const common = resolveCommon(read, spec.environment.target, request.digest);
  const files = [...target.render({ spec, common })].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, { path }] of files.entries()) {
    if (files[index + 1]?.path === path) throw new SlipwayError("internal", `Two rendered files are called ${path}.`);
  }
  return { files, spec, common, target };
}

/** The files alone, as {@link renderSystem} makes them. */
export async function render(request: RenderRequest, targets: Targets): Promise<readonly RenderedFile[]> {
  return (await renderSystem(request, targets)).files;
}
