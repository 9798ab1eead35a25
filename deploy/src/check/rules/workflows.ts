import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { Job } from "../subjects/topics.ts";

/** Major versions of actions that GitHub turned off or whose runtime it removed: those below the number. */
const RETIRED: Readonly<Record<string, number>> = {
  "actions/upload-artifact": 4,
  "actions/download-artifact": 4,
  "actions/cache": 4,
  "actions/checkout": 4,
  "actions/setup-node": 4,
  "actions/setup-python": 5,
  "actions/setup-go": 5,
  "actions/setup-java": 4,
  "docker/build-push-action": 5,
  "docker/login-action": 3,
  "google-github-actions/auth": 2,
  "google-github-actions/setup-gcloud": 2,
  "aws-actions/configure-aws-credentials": 4,
};
const RUNNERS = /^(ubuntu-(16|18|20)\.04|macos-(10\.15|11|12|13)|windows-20(16|19))$/;
/** What a stranger who opens an issue or a pull request writes. */
const STRANGERS =
  /\$\{\{[^}]*\bgithub\.(event\.(issue\.(title|body)|pull_request\.(title|body|head\.(ref|label|repo\.default_branch))|comment\.body|review(_comment)?\.body|discussion\.(title|body)|head_commit\.(message|author\.(name|email))|commits\b|pages\b|workflow_run\.(head_branch|head_commit))|head_ref)\b/;
const DEPLOYS =
  /\b(kubectl(?:\s+--?[\w-]+[= ]\S+)*\s+(apply|set|rollout|replace|patch)|(?:bash|sh)\s+\S*deploy\.sh|helm\s+(upgrade|install)|gcloud\s+(run|app|functions|beta\s+run)\s+deploy|gcloud\s+run\s+services\s+(replace|update)|sam\s+deploy|aws\s+(ecs\s+update-service|cloudformation\s+deploy|lambda\s+update-function-code)|cdk\s+deploy|terraform\s+apply|railway\s+up|serverless\s+deploy|slipway\s+apply)\b/;
const DEPLOY_ACTIONS =
  /^(google-github-actions\/deploy-cloudrun|aws-actions\/amazon-ecs-deploy-task-definition|azure\/(k8s-deploy|webapps-deploy)|aws-actions\/aws-cloudformation-github-deploy)@/;

/** Rules about GitHub Actions. */
export const WORKFLOW_RULES: readonly Rule[] = [
  rule(
    "step",
    {
      id: "action-not-pinned",
      severity: "error",
      what: "The action is named by a tag or branch, which can be moved.",
      why: "Whoever takes over the action's repository runs their code with this pipeline's rights and secrets.",
      fix: "Name the full commit SHA and keep the version as a comment: uses: owner/name@<40 hex digits> # v1.2.3",
      source: REFERENCES.actionsSecurity,
    },
    ({ uses, node }, say) => {
      if (uses === "" || uses.startsWith("./")) return;
      const pinned = uses.startsWith("docker://") ? /@sha256:[0-9a-f]{64}$/ : /@[0-9a-f]{40}$/;
      if (!pinned.test(uses)) say(node.get("uses"), { message: `${uses} is not pinned to a commit.` });
    },
  ),
  rule(
    "step",
    {
      id: "action-retired-version",
      severity: "error",
      what: "This version of the action was retired.",
      why: "It fails, or runs on a Node that runners no longer have.",
      fix: "Move to the current major version, by its commit SHA.",
      source: REFERENCES.actionsArtifacts,
      review: "2027-05-31",
    },
    ({ uses, node }, say) => {
      const [, name = "", major] = /^([\w.-]+\/[\w.-]+)(?:\/[^@]*)?@v(\d+)/.exec(uses) ?? [];
      const least = RETIRED[name];
      if (least !== undefined && Number(major) < least)
        say(node.get("uses"), { message: `${uses} was retired; v${least} or later works.` });
    },
  ),
  rule(
    "step",
    {
      id: "action-gcloud-with-key",
      severity: "error",
      what: "gcloud is set up with a service account's key.",
      why: "setup-gcloud takes no key since v1: credentials are exported for every later step, and the key lives for years.",
      fix: "Use google-github-actions/auth with a workload identity provider before it.",
      source: REFERENCES.setupGcloud,
    },
    ({ uses, node }, say) => {
      if (
        !uses.startsWith("google-github-actions/setup-gcloud@") &&
        !uses.startsWith("GoogleCloudPlatform/github-actions/setup-gcloud@")
      )
        return;
      const key = ["service_account_key", "export_default_credentials"]
        .map((each) => node.get("with", each))
        .find((each) => each.exists);
      if (key !== undefined) say(key);
      else if (/@(v0|master|main)\b/.test(uses)) say(node.get("uses"));
    },
  ),
  rule(
    "step",
    {
      id: "action-long-lived-key",
      severity: "error",
      what: "The pipeline signs in to the cloud with a key that lives until somebody deletes it.",
      why: "One leak of a log, an action or a laptop is the account, and nobody sees it.",
      fix: "Use OpenID Connect: google-github-actions/auth with workload_identity_provider, or configure-aws-credentials with role-to-assume.",
      source: REFERENCES.actionsOidc,
    },
    ({ node, run }, say) => {
      const inputs = ["credentials_json", "service_account_key", "aws-access-key-id", "aws-secret-access-key", "creds"];
      const input = inputs.map((each) => node.get("with", each)).find((each) => /secrets\./.test(each.text));
      if (input !== undefined) say(input);
      const secret =
        /secrets\.(\w*(GCP_SA|GCLOUD|GOOGLE)\w*(KEY|CREDENTIALS?|JSON)\w*|\w*SERVICE_ACCOUNT\w*|AWS_SECRET_ACCESS_KEY|AZURE_CREDENTIALS|KUBE_?CONFIG\w*)\b/i;
      for (const each of node.get("env").entries()) if (secret.test(each.text)) say(each);
      if (secret.test(run)) say(node.get("run"));
    },
  ),
  rule(
    "workflow",
    {
      id: "workflow-pull-request-target",
      severity: "error",
      what: "A stranger's pull request is checked out with this repository's secrets at hand (pull_request_target).",
      why: "Its code, its build script for one, runs with rights to write.",
      fix: "Use pull_request, or check nothing of the head out.",
      source: REFERENCES.actionsSecurity,
    },
    (workflow, say) => {
      const on = workflow.get("on");
      if (
        !on.get("pull_request_target").exists &&
        !on.texts().includes("pull_request_target") &&
        !on.entries().some((each) => each.key === "pull_request_target")
      )
        return;
      for (const job of workflow.get("jobs").entries())
        for (const step of job.get("steps").items()) {
          const ref = step.get("with", "ref");
          if (/pull_request\.head|head_ref|refs\/pull/.test(ref.text)) say(ref);
        }
    },
  ),
  rule(
    "workflow",
    {
      id: "workflow-permissions",
      severity: "warning",
      what: "The workflow's token may do more than it says it needs.",
      why: "Without permissions the repository's default holds, which may be to write everything.",
      fix: "Set permissions: contents: read for the workflow, and more for the job that needs it.",
      source: REFERENCES.actionsSecurity,
    },
    (workflow, say) => {
      const own = workflow.get("permissions");
      if (own.text === "write-all") say(own);
      const jobs = workflow.get("jobs").entries();
      if (!own.exists && jobs.some((job) => !job.has("permissions"))) say(workflow.get("jobs"));
      for (const job of jobs) if (job.get("permissions").text === "write-all") say(job.get("permissions"));
    },
  ),
  rule(
    "step",
    {
      id: "workflow-script-injection",
      severity: "error",
      what: "What a stranger wrote is put into a script before the shell reads it.",
      why: "A title or branch name with shell in it runs as a command, with the job's rights.",
      fix: 'Hand it over by env: and use "$NAME" in the script.',
      source: REFERENCES.actionsSecurity,
    },
    ({ node, uses }, say) => {
      const script = uses.startsWith("actions/github-script@") ? node.get("with", "script") : node.get("run");
      if (STRANGERS.test(script.text)) say(script);
    },
  ),
  rule(
    "shell",
    {
      id: "workflow-retired-command",
      severity: "error",
      what: "The workflow speaks to the runner by a retired command (::set-output, ::save-state, ::set-env).",
      why: "set-env is switched off, the others are deprecated and can be abused by whatever prints to the log.",
      fix: 'Write to the file: echo "name=value" >> "$GITHUB_OUTPUT".',
      source: REFERENCES.actionsOutput,
    },
    ({ lines, where }, say) => {
      for (const line of where === "workflow" ? lines : [])
        if (/::(set-output|save-state|set-env|add-path)\b/.test(line.text)) say(line);
    },
  ),
  rule(
    "job",
    {
      id: "workflow-retired-runner",
      severity: "error",
      what: "The runner's image was taken out of service.",
      why: "The job waits for a runner that never comes.",
      fix: "Use a current image, ubuntu-24.04 for one.",
      source: REFERENCES.actionsRunners,
      review: "2027-05-31",
    },
    ({ node }, say) => {
      const runner = node
        .get("runs-on")
        .items()
        .find((each) => RUNNERS.test(each.text));
      if (runner !== undefined) say(runner, { message: `The runner image ${runner.text} was taken out of service.` });
    },
  ),
  rule(
    "job",
    {
      id: "workflow-deploy-ungated",
      severity: "error",
      what: "The job deploys on its own: it names no environment, or no concurrency group.",
      why: "Every push is in production unseen, and two runs overwrite each other.",
      fix: "Set environment: (with required reviewers) and concurrency: on the job.",
      source: REFERENCES.actionsDeployments,
    },
    (job, say) => {
      if (!isDeploy(job)) return;
      const missing = [
        ...(job.node.has("environment") ? [] : ["environment"]),
        ...(job.node.has("concurrency") || job.workflow.has("concurrency") ? [] : ["concurrency group"]),
      ];
      if (missing.length > 0)
        say(job, { message: `The job "${job.id}" deploys and has no ${missing.join(" and no ")}.` });
    },
  ),
  rule(
    "job",
    {
      id: "workflow-rollback-unreachable",
      severity: "error",
      what: "The rollback only runs when everything before it went well.",
      why: "When the deployment or its check fails, a step without `if: failure()` is left out: nothing is rolled back.",
      fix: "Set if: failure() on the step, or if: ${{ failure() }} on the job.",
      source: REFERENCES.actionsSyntax,
    },
    (job, say) => {
      const rolls = /roll[-_ ]?back|rollout undo|--to-revisions/i;
      const guarded = (node: Cursor): boolean =>
        /failure\(\)|always\(\)|!\s*success\(\)|cancelled\(\)|\.result\s*[!=]=/.test(node.get("if").text);
      const dispatched =
        job.workflow.get("on", "workflow_dispatch").exists ||
        job.workflow.get("on").texts().includes("workflow_dispatch");
      const wanted = dispatched && job.node.get("if").exists;
      if (rolls.test(job.id)) {
        if (job.node.has("needs") && !guarded(job.node) && !wanted) say(job);
        return;
      }
      for (const [index, step] of job.steps.entries())
        if (
          index > 0 &&
          rolls.test(`${step.node.get("name").text} ${step.run}`) &&
          // A script may ask itself whether something failed, unless rolling back is all that it is for.
          (/^roll[-_ ]?back\b/i.test(step.node.get("name").text) || !/\|\||^\s*if\b|\btrap\b/m.test(step.run)) &&
          !guarded(step.node)
        )
          say(step);
    },
  ),
  rule(
    "step",
    {
      id: "workflow-version-as-number",
      severity: "error",
      what: "A version is written as a number and loses its last zero.",
      why: "3.10 is the number 3.1, so another version is installed than the one that is written.",
      fix: "Put it in quotes.",
      source: REFERENCES.yaml,
      mends: true,
    },
    ({ node }, say) => {
      for (const each of node.get("with").entries()) {
        const source = each.scalar?.source ?? "";
        if (each.key.endsWith("version") && typeof each.scalar?.value === "number" && /^\d+\.\d*0$/.test(source))
          say(each, {
            message: `${each.key}: ${source} is read as ${each.text}.`,
            edit: each.replaceBy(`"${source}"`),
          });
      }
    },
  ),
];

function isDeploy({ steps }: Job): boolean {
  return steps.some(
    (step) =>
      DEPLOYS.test(step.run.replace(/--dry-run\S*[^\n]*|kubectl rollout status/g, "")) ||
      DEPLOY_ACTIONS.test(step.uses),
  );
}
