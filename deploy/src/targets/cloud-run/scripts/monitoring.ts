import { type Context, nameOf } from "../context.ts";
import { uptimeOf } from "../monitoring.ts";
import { command, script, word } from "./shell.ts";

/** Who is told, what is asked from outside, the policies, the dashboard and the budget. */
export function monitoringScript(context: Context): string {
  return script(
    context,
    ["Alerts, checks from outside, dashboard and budget. It can be run again: policies of the same name are replaced."],
    [...channels(context), ...uptime(context), POLICIES(context.prefix), DASHBOARD(context.prefix), ...budget(context)],
  );
}

function channels({ settings }: Context): readonly string[] {
  const each = settings.notify.map((address) =>
    [
      `channel=$(gcloud beta monitoring channels list --filter=${word(`type="email" AND labels.email_address="${address}"`)} --format='value(name)' --limit=1)`,
      '[ -n "$channel" ] ||',
      `  channel=$(${command("gcloud", "beta", "monitoring", "channels", "create", "--type=email", `--display-name=${address}`, `--channel-labels=email_address=${address}`, "--format=value(name)")})`,
      'channels="$channels,$channel"',
    ].join("\n"),
  );
  return ["channels=", ...each, "channels=${channels#,}"];
}

function uptime(context: Context): readonly string[] {
  return context.spec.services.flatMap((service) => {
    const check = uptimeOf(context, service);
    if (check === undefined) return [];
    const create = command(
      "gcloud",
      "monitoring",
      "uptime",
      "create",
      check.name,
      "--resource-type=uptime-url",
      `--resource-labels=host=${check.host},project_id=${context.project}`,
      "--protocol=https",
      `--path=${check.path}`,
      "--period=1",
      "--timeout=10",
      "--validate-ssl=true",
    );
    return [
      "",
      `[ -n "$(gcloud monitoring uptime list-configs --filter=${word(`displayName="${check.name}"`)} --format='value(name)')" ] ||`,
      `  ${create}`,
    ];
  });
}

const POLICIES = (prefix: string): string => `
for file in monitoring/policies/*.yaml; do
  title=$(sed -n 's/^displayName: "\\{0,1\\}\\([^"]*\\)"\\{0,1\\}$/\\1/p' "$file" | head -n 1)
  case "$title" in ${word(prefix)}:*) ;; *) echo "$file has no title of ${prefix}" >&2; exit 1 ;; esac
  for old in $(gcloud alpha monitoring policies list --filter="displayName=\\"$title\\"" --format='value(name)'); do
    gcloud alpha monitoring policies delete "$old"
  done
  gcloud alpha monitoring policies create --policy-from-file="$file" \${channels:+--notification-channels="$channels"}
done`;

const DASHBOARD = (prefix: string): string => `
for old in $(gcloud monitoring dashboards list --filter=${word(`displayName="${prefix}"`)} --format='value(name)'); do
  gcloud monitoring dashboards delete "$old"
done
gcloud monitoring dashboards create --config-from-file=monitoring/dashboard.json`;

/** What the cloud itself bills, against the environment's budget. Models of other vendors are not on that bill. */
function budget(context: Context): readonly string[] {
  const { billingAccount } = context.settings;
  const { budget: money } = context.spec.environment;
  if (billingAccount === undefined || money === undefined) return [];
  const name = nameOf(context, "budget");
  return [
    "",
    `[ -n "$(gcloud billing budgets list --billing-account=${billingAccount} --filter=${word(`displayName="${name}"`)} --format='value(name)')" ] ||`,
    `  ${command(
      "gcloud",
      "billing",
      "budgets",
      "create",
      `--billing-account=${billingAccount}`,
      `--display-name=${name}`,
      `--budget-amount=${money.monthly}USD`,
      `--filter-projects=projects/${context.project}`,
      ...money.alertAt.map((percent) => `--threshold-rule=percent=${percent / 100}`),
    )}`,
  ];
}
