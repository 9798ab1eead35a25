import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { ShellLine } from "../sources/shell.ts";
import type { World } from "../subjects/world.ts";

const GCLOUD_STORAGE = new Set(["cp", "mv", "ls", "cat", "rm"]);

/** Rules about commands that deploy, wherever they stand. */
export const SCRIPT_RULES: readonly Rule[] = [
  rule(
    "shell",
    {
      id: "gsutil",
      severity: "warning",
      what: "gsutil is Google's old tool for Cloud Storage.",
      why: "It is slower, gets no new features, and knows no workload identity federation of its own.",
      fix: "Use gcloud storage.",
      source: REFERENCES.gsutil,
      mends: true,
    },
    ({ lines }, say) => {
      for (const line of lines) {
        const found = /(?:^|[\s|;&(])(gsutil\s+(\S+))/.exec(line.text);
        if (found === null) continue;
        const start = line.offset + found.index + found[0].indexOf("gsutil");
        // Only the plain forms: options in between mean something else there.
        const plain =
          line.offset >= 0 &&
          GCLOUD_STORAGE.has(found[2] ?? "") &&
          /^gsutil\s+\w+\s+[^-\s]/.test(line.text.slice(start - line.offset));
        say(line, { edit: plain ? { start, end: start + "gsutil".length, text: "gcloud storage" } : undefined });
      }
    },
  ),
  rule(
    "world",
    {
      id: "deployment-unknown",
      severity: "error",
      what: "A command changes a Deployment that nothing here applies.",
      why: "It fails with NotFound, or changes what another team runs under that name.",
      fix: "Use the name that the manifest has.",
      source: REFERENCES.kubectlSet,
    },
    (world, say) => {
      const known = new Set([...world.objects("Deployment"), ...world.objects("StatefulSet")].map((each) => each.name));
      if (known.size === 0) return;
      for (const line of lines(world)) {
        const [, name] =
          /\bkubectl\b[^|;&]*\b(?:set\s+image|rollout\s+\w+|scale|set\s+env)\s+(?:-\S+\s+)*(?:deployments?|deploy|statefulset)[/ ]([\w.$<{-]+)/.exec(
            line.text,
          ) ?? [];
        if (name !== undefined && !/[$<{]/.test(name) && !known.has(name))
          say(line, { message: `No manifest here has a Deployment named "${name}".` });
      }
    },
  ),
  rule(
    "world",
    {
      id: "template-variable-unset",
      severity: "error",
      what: "The manifest waits for a variable that the pipeline never sets.",
      why: "envsubst puts nothing in its place, so an image without a tag or an empty name is applied.",
      fix: "Set the variable under the name that the manifest has, and let the step fail when one is left over.",
      source: REFERENCES.actionsSyntax,
    },
    (world, say) => {
      if (world.subjects.workflow.length + world.subjects.build.length + world.subjects.shell.length === 0) return;
      const set = world.once("set variables", setVariables);
      const pipelines = world.subjects.shell.some((each) => DEPLOYING.test(each.text));
      if (!pipelines) return;
      for (const { node } of world.subjects.object) {
        for (const scalar of node.scalars()) {
          if (!scalar.text.includes("${")) continue;
          // A shell in the container fills its own in; what stands in commands is none of envsubst's, unless it is the whole.
          if (scalar.text.includes("\n") || /^(command|args|expr)$/.test(scalar.key)) continue;
          for (const [, name = ""] of scalar.text.matchAll(/\$\{([A-Z_][A-Z0-9_]*)\}/g))
            if (!set.has(name)) say(scalar, { message: `Nothing sets ${name}, which this manifest waits for.` });
        }
      }
    },
  ),
  rule(
    "build",
    {
      id: "cloudbuild-substitution-unset",
      severity: "error",
      what: "The build uses a substitution that it does not set.",
      why: "The build is refused, or an empty text stands in its place.",
      fix: "Give it a default under substitutions:.",
      source: REFERENCES.buildSubstitutions,
    },
    (build, say) => {
      const set = new Set(
        build
          .get("substitutions")
          .entries()
          .map((each) => each.key),
      );
      for (const scalar of build.scalars())
        for (const [, braced, bare] of scalar.text.matchAll(/(?<!\$)\$(?:\{(_[A-Z0-9_]+)\}|(_[A-Z0-9_]+))/g)) {
          const name = braced ?? bare ?? "";
          if (!set.has(name))
            say(scalar, { message: `Nothing here sets $${name}; a trigger may, and then this needs a default.` });
        }
    },
  ),
  rule(
    "build",
    {
      id: "cloudbuild-default-identity",
      severity: "warning",
      what: "The build runs as the project's default service account.",
      why: "Everything that may build may do what that account may, which is often everything in the project.",
      fix: "Name a service account of its own in serviceAccount:, with the roles that the build needs.",
      source: REFERENCES.buildIdentity,
    },
    (build, say) => {
      if (!build.has("serviceAccount")) say(build.get("steps"));
    },
  ),
  rule(
    "shell",
    {
      id: "public-invoker",
      severity: "error",
      what: "The service may be called by anyone.",
      why: "Everyone on the internet can use it, and its cost, without a key.",
      fix: "Leave --allow-unauthenticated out and grant run.invoker to who calls; say access: public in slipway.yaml where the service is meant to be public.",
      source: REFERENCES.cloudRunPublic,
    },
    (shell, say, world) => {
      for (const line of shell.lines) {
        if (
          !/--allow-unauthenticated\b|--member[= ]["']?all(Authenticated)?Users|--no-invoker-iam-check/.test(line.text)
        )
          continue;
        const name = /\bgcloud\s+(?:beta\s+)?run\s+(?:deploy|services\s+[\w-]+)\s+([\w-]+)/.exec(line.text)?.[1];
        if (name === undefined || !world.once("public services", publicServices).has(name)) say(line);
      }
    },
  ),
  shellRule(
    "cloud-run-default-identity",
    "error",
    "The service runs as the default compute service account.",
    "That account is Editor of the project in many of them: a fault in the service is the project.",
    "Name a service account of its own: --service-account=…",
    REFERENCES.cloudRunIdentity,
    /gcloud\s+(beta\s+)?(run\s+(jobs\s+)?deploy|run\s+services\s+create)\b(?!.*--service-account)|--service-account[= ]\S*-compute@developer/,
  ),
  shellRule(
    "vpc-connector",
    "warning",
    "A Serverless VPC Access connector stands where Direct VPC egress serves.",
    "It is machines that are paid by the hour, a bottleneck, and one more thing to scale.",
    "Use --network, --subnet and --vpc-egress.",
    REFERENCES.cloudRunVpc,
    /--vpc-connector[= ]|vpc-access\s+connectors\s+create/,
  ),
  shellRule(
    "database-public-address",
    "error",
    "The database or cache is given a public address.",
    "Anyone may try passwords on it.",
    "Give it a private address only: --no-assign-ip and --network for Cloud SQL.",
    REFERENCES.cloudSqlAddress,
    /gcloud\s+sql\s+instances\s+(create|patch)\b(?=.*(--assign-ip|--authorized-networks[= ]["']?0\.0\.0\.0\/0))|gcloud\s+sql\s+instances\s+create\b(?!.*(--no-assign-ip|--network))|aws\s+rds\s+create-db-instance\b(?=.*\s--publicly-accessible)/,
  ),
  shellRule(
    "secret-access-project-wide",
    "error",
    "Access to every secret of the project is granted.",
    "One service's account reads all others' secrets.",
    "Grant it on the secret: gcloud secrets add-iam-policy-binding NAME.",
    REFERENCES.secretAccess,
    /gcloud\s+projects\s+add-iam-policy-binding\b(?=.*(secretmanager\.(secretAccessor|admin)|roles\/(owner|editor)))/,
  ),
  shellRule(
    "rollback-names-revision",
    "error",
    "The rollback names a revision by hand.",
    "By the time it is needed that revision is old or gone, and whoever is called at night edits the file first.",
    "Look the last good revision up when rolling back, or keep it as the release's record.",
    REFERENCES.cloudRunRollback,
    /--to-revisions[= ]["']?[a-z][\w-]*-\d{5}-[a-z]{3}|kubectl\s+rollout\s+undo\b.*--to-revision[= ]\d/,
  ),
  shellRule(
    "sam-deploy-unreviewed",
    "error",
    "The stack, its roles included, is deployed without anyone seeing the change set.",
    "A tag can give itself any right in the account, or replace a database.",
    "Make the change set first (--no-execute-changeset), let a person approve it, then execute that one.",
    REFERENCES.samDeploy,
    /\bsam\s+deploy\b(?=.*CAPABILITY_(NAMED_)?IAM)(?!.*(--no-execute-changeset|--confirm-changeset))|\bsam\s+deploy\b(?=.*--no-confirm-changeset)/,
  ),
  shellRule(
    "curl-into-shell",
    "error",
    "A script from the network is run unseen.",
    "Whoever controls the address, today or later, runs their code here.",
    "Fetch a version, compare its checksum, then run it.",
    REFERENCES.dockerPractice,
    /\b(curl|wget)\b[^|;&]*\|\s*(sudo\s+)?(ba|z|da)?sh\b/,
  ),
  rule(
    "world",
    {
      id: "rollback-past-migration",
      severity: "error",
      what: "The release migrates the schema, and its rollback only puts the old program back (kubectl rollout undo).",
      why: "The old program meets the new schema.",
      fix: "Migrate in two releases (expand, then contract), so that each program works with both schemas, and check that before rolling back.",
      source: REFERENCES.deployments,
    },
    (world, say) => {
      const migrates = world.subjects.shell.some(
        (each) => each.where !== "dockerfile" && /\bmigrat(e|ions?)\b|alembic|flyway|prisma/i.test(each.text),
      );
      for (const line of migrates ? lines(world) : [])
        if (/kubectl\b[^|;&]*\brollout\s+undo\b/.test(line.text)) say(line);
    },
  ),
];

function shellRule(
  id: string,
  severity: "error" | "warning",
  what: string,
  why: string,
  fix: string,
  source: Rule["source"],
  pattern: RegExp,
): Rule {
  return rule("shell", { id, severity, what, why, fix, source }, ({ lines }, say) => {
    for (const line of lines) if (pattern.test(line.text)) say(line);
  });
}

/** The services that a slipway.yaml of the set declares public. */
function publicServices(world: World): ReadonlySet<string> {
  const services = world.subjects.slipway.flatMap((spec) => spec.get("services").entries());
  return new Set(services.filter((each) => each.get("access").text === "public").map((each) => each.key));
}

const DEPLOYING = /\b(kubectl\s+(apply|replace)|envsubst|kustomize|gcloud\s+run\s+services\s+replace|sed\s+-i)\b/;

function* lines(world: World): Generator<ShellLine> {
  for (const { lines: each } of world.subjects.shell) yield* each;
}

/** Every name that a pipeline or script gives a value, or that a tool is told to fill in. */
function setVariables(world: World): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, where } of world.subjects.env) if (where === "workflow" || where === "cloudbuild") names.add(name);
  for (const { lines: each } of world.subjects.shell)
    for (const line of each) {
      for (const [, name = ""] of line.text.matchAll(
        /(?:^|[\s;&(])(?:export\s+|local\s+|declare\s+(?:-\w+\s+)?|read\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)=/g,
      ))
        names.add(name);
      for (const [, name = ""] of line.text.matchAll(/s[|/#,]\\?\$\\?\{(\w+)\\?\}/g)) names.add(name);
    }
  for (const build of world.subjects.build)
    for (const each of build.get("substitutions").entries()) names.add(each.key);
  return names;
}
