import { check } from "#check/check.ts";
import { toText } from "#check/report/text.ts";
import type { RenderedFile } from "#render/file.ts";
import type { Target } from "../targets/target.ts";

/** What our own rules say of a rendering. */
export interface CheckedRendering {
  /** For people; empty when nothing was found. */
  readonly text: string;
  /** Findings that must keep the files from being written. */
  readonly errors: number;
}

/** Rules about what somebody else's pipeline does to a manifest before it is applied: what is rendered is applied as it is, and `${NAME}` in a setting is the setting's. */
const OF_TEMPLATES = new Set(["template-variable-unset"]);

/**
 * Checks rendered files with the rules of `slipway check-manifests`, as of `today` (ISO date). Files that only say again what
 * others of the same rendering say are left out: a chart is no YAML before it is filled in, and a Kustomize base is half an object.
 */
export function checkRendering(
  { repeats }: Pick<Target, "repeats">,
  files: readonly RenderedFile[],
  today: string,
): CheckedRendering {
  const originals = files.filter(({ path }) => repeats?.(path) !== true);
  const checked = check(originals, { today });
  const findings = checked.found.map(({ finding }) => finding).filter(({ rule }) => !OF_TEMPLATES.has(rule));
  return {
    text: findings.length === 0 ? "" : toText(findings, { files: checked.files, notes: [], fixed: 0 }, false),
    errors: findings.filter(({ severity }) => severity === "error").length,
  };
}
