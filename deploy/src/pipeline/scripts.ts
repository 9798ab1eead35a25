import type { PipelineSpec } from "@slipway/contracts/spec/pipeline.ts";
import { TOOL_IMAGES } from "./data/images.ts";

// Steps that are the same whoever runs the pipeline. `IMAGE` and `COMMIT` are set around them.

/** Builds the image and saves it, so that what is looked at is what is pushed. */
export function buildScript({ dockerfile, context }: PipelineSpec): string {
  return [
    `docker build --pull --file ${dockerfile} --build-arg "SLIPWAY_RELEASE=$COMMIT" --tag "$IMAGE:$COMMIT" ${context}`,
    'docker save --output image.tar "$IMAGE:$COMMIT"',
  ].join("\n");
}

/** The image of a tool of the pipeline's. */
export function toolImage({ images }: PipelineSpec, tool: keyof typeof TOOL_IMAGES): string {
  return images[tool] ?? TOOL_IMAGES[tool];
}

/** What the scanner is told. */
export function scanArguments({ failOn }: PipelineSpec): readonly string[] {
  return ["--only-fixed", "--fail-on", failOn];
}

/** Pushes the image and reads the digest under which the registry has it into `digest`. */
export const PUSH = [
  'docker push --quiet "$IMAGE:$COMMIT"',
  "digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' \"$IMAGE:$COMMIT\" |",
  "  awk -F @ -v image=\"$IMAGE\" '$1 == image { print $2; exit }')",
  "if ! printf '%s' \"$digest\" | grep -Eqx 'sha256:[0-9a-f]{64}'; then",
  '  echo "The registry told no digest of $IMAGE:$COMMIT." >&2',
  "  exit 1",
  "fi",
].join("\n");

/** Renders an environment with the digest that was pushed. What our own check calls an error ends it. */
export function renderScript({ command, spec }: PipelineSpec, environment: string): string {
  return `${command} render --spec ${spec} --env ${environment} --digest "$DIGEST" --out rendered`;
}

/** What the plan is told of a platform that nobody looked at: everything counts as new. */
export const NOTHING_OBSERVED = `printf '{"format": "slipway.observed/1", "resources": []}' > observed.json`;

/** Plans against `observed.json`: `changes` is whether anything would change. */
export function planScript({ command, spec }: PipelineSpec, environment: string): string {
  return [
    "status=0",
    `${command} plan --spec ${spec} --env ${environment} --digest "$DIGEST" --observed observed.json --out plan.json > plan.txt || status=$?`,
    "cat plan.txt",
    "# 3: changes are pending.",
    'case "$status" in',
    "  0) changes=false ;;",
    "  3) changes=true ;;",
    '  *) exit "$status" ;;',
    "esac",
  ].join("\n");
}

/** One sum over all rendered files, in `sum`: what was agreed to is what is applied. */
export const SUM =
  "sum=$(cd rendered && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)";
