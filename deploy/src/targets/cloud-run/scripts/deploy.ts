import { type Context, identityOf, nameOf } from "../context.ts";
import { jobsOf } from "../jobs.ts";
import { command, script, word } from "./shell.ts";

/** A release: migrations, then each service in each region, whose requests move when the new revision is healthy. */
export function deployScript(context: Context): string {
  const jobs = jobsOf(context);
  return script(
    context,
    [
      "A release. ./deploy.sh moves all requests to the new revision once it is healthy; ./deploy.sh 5 moves 5 per cent of them,",
      "./deploy.sh 0 none: `gcloud run services update-traffic` moves the rest.",
    ],
    [
      'share="${1:-100}"',
      ...jobs.flatMap((job) => jobSteps(context, job)),
      "",
      RELEASE,
      "",
      ...context.regions.flatMap((region) =>
        context.spec.services.map(({ name }) => command("release", region, name, nameOf(context, name))),
      ),
    ],
  );
}

function jobSteps(context: Context, job: "migrate" | "backup"): readonly string[] {
  const [region] = context.regions;
  const where = [`--region=${region}`];
  const name = nameOf(context, job);
  const replace = command("gcloud", "run", "jobs", "replace", `jobs/${job}.yaml`, ...where);
  if (job === "migrate")
    return [
      "",
      "# Migrations run before anything that needs them.",
      replace,
      command("gcloud", "run", "jobs", "execute", name, ...where, "--wait"),
    ];
  return [
    "",
    "# The daily backup, started by an account that may do nothing else.",
    replace,
    ...schedule(context, name, region),
  ];
}

function schedule(context: Context, name: string, region: string): readonly string[] {
  const { email } = identityOf(context, "scheduler");
  const cron = context.spec.data.postgres?.backups?.schedule ?? "";
  const flags = [
    name,
    `--location=${region}`,
    `--schedule=${cron}`,
    "--time-zone=Etc/UTC",
    `--uri=https://run.googleapis.com/v2/projects/${context.project}/locations/${region}/jobs/${name}:run`,
    "--http-method=POST",
    `--oauth-service-account-email=${email}`,
    "--attempt-deadline=180s",
  ];
  return [
    `${command("gcloud", "run", "jobs", "add-iam-policy-binding", name, `--region=${region}`, `--member=serviceAccount:${email}`, "--role=roles/run.invoker")} >/dev/null`,
    `if gcloud scheduler jobs describe ${word(name)} --location=${region} >/dev/null 2>&1; then`,
    `  ${command("gcloud", "scheduler", "jobs", "update", "http", ...flags)}`,
    "else",
    `  ${command("gcloud", "scheduler", "jobs", "create", "http", ...flags)}`,
    "fi",
  ];
}

// The file names its revision and says nothing of traffic, which is the rollout's. What serves now keeps all requests until the
// new revision is ready: `replace` waits for its startup probe and fails, with nothing moved, when it does not succeed.
const RELEASE = `# release REGION COMPONENT SERVICE
release() {
  file="services/$1/$2.yaml"
  next=$(sed -n '/^  template:/,$s/^      name: //p' "$file" | head -n 1)
  # One that is not there gets all requests at once. That nobody could be asked is another thing: it ends this script.
  there=$(gcloud run services list --region="$1" --filter="metadata.name=$3" --format='value(metadata.name)')
  now=
  if [ -n "$there" ]; then
    shares=$(gcloud run services describe "$3" --region="$1" --flatten='status.traffic[]' \\
      --format='value(status.traffic.percent,status.traffic.revisionName)')
    now=$(printf '%s\\n' "$shares" | sort -rn | awk 'NR == 1 { print $2 }')
  fi
  if [ -n "$now" ] && [ "$now" != "$next" ]; then
    made=$(mktemp)
    { cat "$file"; printf '  traffic:\\n  - revisionName: %s\\n    percent: 100\\n  - revisionName: %s\\n    percent: 0\\n    tag: next\\n' "$now" "$next"; } > "$made"
    gcloud run services replace "$made" --region="$1"
    rm -f "$made"
    [ "$share" = 0 ] || gcloud run services update-traffic "$3" --region="$1" --to-revisions="$next=$share"
  else
    gcloud run services replace "$file" --region="$1"
  fi
  gcloud run services set-iam-policy "$3" "iam/$2.yaml" --region="$1" >/dev/null
}`;
