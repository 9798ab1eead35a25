import { commands } from "#render/commands.ts";
import type { Service } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";
import { type Context, identityOf, nameOf, usesNetwork } from "./context.ts";
import { publicServices } from "./edge.ts";
import { jobsOf } from "./jobs.ts";

/** What people do with gcloud alone. */
export function runbook(context: Context): Runbook {
  const { project, spec } = context;
  const [region] = context.regions;
  const fronted = publicServices(context).length > 0;
  return {
    needs: `\`gcloud\` (with the components \`alpha\` and \`beta\` for monitoring), signed in as somebody who may administer the project ${project}:\n\n${commands("gcloud auth login", `gcloud config set project ${project}`)}`,
    bootstrap: `Once, and again whenever accounts, secrets or readers change. Scripts leave alone what is there.\n\n${commands(
      "./bootstrap.sh                      # APIs, registry, accounts, secrets and who may read each; says which have no value",
      ...(usesNetwork(context)
        ? ["./data.sh                           # database and Redis, unless you have them"]
        : []),
      "printf %s VALUE | gcloud secrets versions add NAME --data-file=-",
      "./deploy.sh",
      ...(fronted
        ? ["./edge.sh                           # balancer; lead the hosts to the address that it prints"]
        : []),
      "./monitoring.sh                     # alerts, checks from outside, dashboard, budget",
    )}`,
    deploy: deploy(context, region),
    rollBack: rollBack(context),
    callPrivate: callPrivate(context, region),
    debug: debug(context, spec.services[0], region),
  };
}

function deploy(context: Context, region: string): string {
  const [service] = context.spec.services;
  const name = service?.name ?? "";
  const [image] = context.spec.images.app.split("@");
  const file = `services/${region}/${name}.yaml`;
  return `Another image: write its digest into every \`image:\` of the server and give the revisions other names; a name is used once.\n\n${commands(
    `grep -rl 'image: ${image}@' services jobs | xargs sed -i 's|\\(image: ${image}@\\).*|\\1sha256:NEW|'`,
    "grep -rl '^      name: ' services | xargs sed -i \"/^  template:/,/^    spec:/s/^\\(      name: .*\\)-[0-9a-z]*$/\\1-$(date +%s)/\"",
    "./deploy.sh          # migrates, makes revisions, moves all requests to those that are healthy",
    "./deploy.sh 5        # moves 5 per cent only",
    `gcloud run services update-traffic ${nameOf(context, name)} --region=${region} --to-latest    # the rest`,
  )}\nBy hand, one service in one region:\n\n${commands(
    ...(jobsOf(context).includes("migrate")
      ? [
          `gcloud run jobs replace jobs/migrate.yaml --region=${region}`,
          `gcloud run jobs execute ${nameOf(context, "migrate")} --region=${region} --wait`,
        ]
      : []),
    `gcloud run services replace ${file} --region=${region} --dry-run`,
    `gcloud run services replace ${file} --region=${region}`,
    `gcloud run services set-iam-policy ${nameOf(context, name)} iam/${name}.yaml --region=${region}`,
  )}\nOther sections in \`config/slipway.yaml\` are another secret: change the eight digits of \`${context.prefix}-config-…\` in \`services\` and \`bootstrap.sh\`, then run both scripts.\n`;
}

function rollBack(context: Context): string {
  const lines = context.regions.flatMap((region) =>
    context.spec.services.map(
      ({ name }) =>
        `gcloud run services update-traffic ${nameOf(context, name)} --region=${region} --to-revisions=REVISION=100`,
    ),
  );
  const [first] = context.spec.services;
  const [region] = context.regions;
  return `Revisions stay. Requests go back to the last good one within seconds; nothing is built or started again but its instances.\n\n${commands(
    `gcloud run revisions list --service=${nameOf(context, first?.name ?? "")} --region=${region}`,
    ...lines,
  )}\nMigrations are not undone: each release works with the schema of the next one.\n`;
}

function callPrivate(context: Context, region: string): string {
  const service = context.spec.services.find(({ access }) => access.kind !== "public") ?? context.spec.services[0];
  const name = nameOf(context, service?.name ?? "");
  const inside =
    service?.access.kind === "internal"
      ? "It answers inside the network only: run these on a machine there."
      : service?.access.kind === "public"
        ? "No service of this environment is private: anyone may connect, and the server asks for a key of its own."
        : "Cloud Run asks for an identity token of somebody who has `roles/run.invoker` on it.";
  return `${inside}\n\n${commands(
    `url=$(gcloud run services describe ${name} --region=${region} --format='value(status.url)')`,
    'curl --fail -H "Authorization: Bearer $(gcloud auth print-identity-token)" "$url/health"',
    "# the server's own key beside the identity token",
    'curl --fail -H "X-Serverless-Authorization: Bearer $(gcloud auth print-identity-token)" -H "Authorization: Bearer $API_KEY" "$url/v1/models"',
    "# from a program: a token of its service account for this audience",
    `gcloud auth print-identity-token --impersonate-service-account=${identityOf(context, service?.name ?? "").email} --audiences="$url"`,
    "# a port of this machine that adds the token",
    `gcloud run services proxy ${name} --region=${region} --port=8080`,
    `# somebody else may call it: write user:SOMEBODY into iam/${service?.name ?? ""}.yaml, which is the whole policy`,
    `gcloud run services set-iam-policy ${name} iam/${service?.name ?? ""}.yaml --region=${region}`,
  )}\n${PUBLIC_ACCESS}`;
}

const PUBLIC_ACCESS =
  "To open a service to everyone, put the global external Application Load Balancer in front, with a serverless group, a certificate and Cloud Armor (https://cloud.google.com/load-balancing/docs/https/setup-global-ext-https-serverless), and let only it in: `gcloud run services update SERVICE --no-invoker-iam-check --ingress=internal-and-cloud-load-balancing`. The server's own keys are then all that is asked for.\n";

function debug(context: Context, service: Service | undefined, region: string): string {
  const name = nameOf(context, service?.name ?? "");
  const of = `resource.labels.service_name="${name}"`;
  const secret = context.spec.secrets[0]?.place.name ?? "SECRET";
  return commands(
    "# What runs, and why a revision is not ready",
    `gcloud run services describe ${name} --region=${region}`,
    `gcloud run revisions list --service=${name} --region=${region}`,
    "# Errors of the last hour, as the server wrote them",
    `gcloud logging read 'resource.type="cloud_run_revision" AND ${of} AND severity>=ERROR' --freshness=1h --limit=50`,
    "# Cold starts and containers that ended: what the platform says",
    `gcloud logging read '${of} AND logName:"run.googleapis.com%2Fvarlog%2Fsystem"' --freshness=1h --limit=50`,
    "# Memory: a container over its limit says so here",
    `gcloud logging read '${of} AND textPayload:"Memory limit"' --freshness=1d --limit=20`,
    "# One request by its trace",
    `gcloud logging read 'trace:"projects/${context.project}/traces/TRACE_ID"' --freshness=1d`,
    "# Who may read a secret, and whether it has a value",
    `gcloud secrets get-iam-policy ${secret}`,
    `gcloud secrets versions list ${secret}`,
    ...(usesNetwork(context)
      ? [
          "# The database: addresses, and connections against their bound",
          `gcloud sql instances describe ${nameOf(context, "postgres")} --format='value(ipAddresses,settings.databaseFlags)'`,
          `gcloud run services describe ${name} --region=${region} --format='value(spec.template.metadata.annotations)'`,
        ]
      : []),
    ...jobsOf(context).map((job) => `gcloud run jobs executions list --job=${nameOf(context, job)} --region=${region}`),
  );
}
