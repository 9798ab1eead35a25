import type { Stage } from "../pipeline.ts";

/** The environments of GitHub whose reviewers are asked, one for each approval that is required. The first is the one that is deployed to. */
export function gatesOf({ name, spec }: Stage): readonly string[] {
  const { required } = spec.environment.approvals;
  return [name, ...Array.from({ length: Math.max(0, required - 1) }, (_, index) => `${name}-approval-${index + 2}`)];
}

/**
 * Counts who agreed. An environment asks one reviewer, asks nobody when it was not set up, and lets who pushed agree to it:
 * the run's own list of approvals is what counts.
 * https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
 */
export function approvalsScript(stage: Stage): string {
  const { required } = stage.spec.environment.approvals;
  const names = JSON.stringify(gatesOf(stage));
  return [
    `agreed=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals" |`,
    `  jq --arg actor "$GITHUB_ACTOR" --argjson gates '${names}' '[.[] | select(.state == "approved")`,
    "    | select(any(.environments[].name; IN($gates[]))) | .user.login | select(. != $actor)] | unique | length')",
    `echo "$agreed of ${required} agreed."`,
    `if [ "$agreed" -lt ${required} ]; then`,
    `  echo "People other than $GITHUB_ACTOR must agree: set the environments up with .github/slipway/environments.sh." >&2`,
    "  exit 1",
    "fi",
  ].join("\n");
}
