import { type Pipeline, pipelineHeader, type Stage } from "../pipeline.ts";
import { gatesOf } from "./approvals.ts";

// https://docs.github.com/en/rest/deployments/environments#create-or-update-an-environment: six reviewers at most, one of whom agrees.
const SETUP = `set -euo pipefail
repository=\${1:?Say which repository: OWNER/NAME}

# environment NAME BRANCH [TEAM...]: may be deployed from this branch only, and after somebody of these teams agreed.
environment() {
  local name=$1 branch=$2 reviewers=[] team id
  shift 2
  for team in "$@"; do
    id=$(gh api "orgs/\${repository%%/*}/teams/$team" --jq .id)
    reviewers=$(jq --argjson id "$id" '. + [{type: "Team", id: $id}]' <<< "$reviewers")
  done
  jq --null-input --argjson reviewers "$reviewers" '{
    reviewers: $reviewers, prevent_self_review: true,
    deployment_branch_policy: {protected_branches: false, custom_branch_policies: true}
  }' | gh api --method PUT "repos/$repository/environments/$name" --input - --silent
  if ! gh api "repos/$repository/environments/$name/deployment-branch-policies" --jq '.branch_policies[].name' | grep -Fqx "$branch"; then
    gh api --method POST "repos/$repository/environments/$name/deployment-branch-policies" --field "name=$branch" --silent
  fi
  echo "$name: from $branch, \${*:-nobody} must agree"
}
`;

/** A script that makes GitHub's environments with their reviewers and branches, by GitHub's own client. It can be run again. */
export function environmentsScript(pipeline: Pipeline): string {
  const stages = pipeline.lines.flatMap((line) => line.stages);
  return [
    "#!/usr/bin/env bash",
    pipelineHeader(pipeline).trimEnd(),
    "# Makes the environments that the workflows deploy to: .github/slipway/environments.sh OWNER/NAME",
    "# Needs gh, signed in as an administrator of the repository, and jq.",
    SETUP,
    ...stages.flatMap(environmentLines),
    "",
  ].join("\n");
}

function environmentLines(stage: Stage): readonly string[] {
  const { required, groups } = stage.spec.environment.approvals;
  const { branch } = stage.delivery;
  const teams = required > 0 ? groups : [];
  return gatesOf(stage).map((gate) => ["environment", gate, branch, ...teams].join(" "));
}
