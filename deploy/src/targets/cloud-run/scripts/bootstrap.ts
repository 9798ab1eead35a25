import { bucketRoles, componentsOf, fileSecrets, projectRoles, secretGrants, type SecretGrant } from "../access.ts";
import { type Context, identityOf, nameOf } from "../context.ts";
import { publicServices } from "../edge.ts";
import { command, ensure, script, word } from "./shell.ts";

/** Everything that is made once and outlives releases. It can be run again; what is there stays as it is. */
export function bootstrapScript(context: Context): string {
  return script(
    context,
    [
      "What is made once: APIs, registry, accounts, secrets (their values come from you), and who may read which of them.",
    ],
    [
      apis(context),
      ...repository(context),
      ...accounts(context),
      ...secrets(context),
      ...files(context),
      ...buckets(context),
      ...projectRoles(context).map(([account, role]) =>
        quiet(
          "gcloud",
          "projects",
          "add-iam-policy-binding",
          context.project,
          member(account),
          `--role=${role}`,
          "--condition=None",
        ),
      ),
      missing(context),
    ],
  );
}

const member = (account: string): string => `--member=serviceAccount:${account}`;

function quiet(...words: readonly string[]): string {
  return `${command(...words)} >/dev/null`;
}

function apis(context: Context): string {
  const { data, postgres } = { data: context.spec.data, postgres: context.spec.data.postgres };
  const names = [
    "artifactregistry",
    ...(publicServices(context).length > 0 || data.postgres || data.redis ? ["compute"] : []),
    ...(postgres?.backups ? ["cloudscheduler"] : []),
    ...(context.settings.billingAccount ? ["billingbudgets"] : []),
    "iam",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    ...(postgres ? ["servicenetworking", "sqladmin"] : []),
    ...(data.redis ? ["redis"] : []),
  ];
  return command("gcloud", "services", "enable", ...names.map((name) => `${name}.googleapis.com`).sort());
}

/** The registry's repository of the server's image, when it is one of Artifact Registry. */
function repository({ spec }: Context): readonly string[] {
  const [, location, project, name] = /^([a-z0-9-]+)-docker\.pkg\.dev\/([^/]+)\/([^/]+)\//.exec(spec.images.app) ?? [];
  if (location === undefined || project === undefined || name === undefined) return [];
  const where = [`--location=${location}`, `--project=${project}`];
  return [
    "",
    "# Where images lie; a tag that is given cannot be moved.",
    ensure(
      ["gcloud", "artifacts", "repositories", "describe", name, ...where],
      [
        "gcloud",
        "artifacts",
        "repositories",
        "create",
        name,
        ...where,
        "--repository-format=docker",
        "--immutable-tags",
      ],
    ),
  ];
}

function accounts(context: Context): readonly string[] {
  const made = componentsOf(context).flatMap((component) => {
    const { email, id } = identityOf(context, component);
    if (id === undefined) return [];
    return [
      ensure(
        ["gcloud", "iam", "service-accounts", "describe", email],
        ["gcloud", "iam", "service-accounts", "create", id, `--display-name=${nameOf(context, component)}`],
      ),
    ];
  });
  return ["", "# One account for each service and job, without any role of its own.", ...made];
}

function grants({ project, secret, accounts: readers }: SecretGrant): readonly string[] {
  const where = [secret, `--project=${project}`];
  return [
    ensure(
      ["gcloud", "secrets", "describe", ...where],
      ["gcloud", "secrets", "create", ...where, "--replication-policy=automatic"],
    ),
    ...readers.map((account) =>
      quiet(
        "gcloud",
        "secrets",
        "add-iam-policy-binding",
        ...where,
        member(account),
        "--role=roles/secretmanager.secretAccessor",
      ),
    ),
  ];
}

function secrets(context: Context): readonly string[] {
  return [
    "",
    "# Each secret by itself: nobody may read one that it does not get.",
    ...secretGrants(context).flatMap(grants),
  ];
}

function files(context: Context): readonly string[] {
  const blocks = fileSecrets(context).flatMap((grant) => [...grants(grant), firstVersion(grant)]);
  return [
    "",
    "# The server's sections of slipway.yaml. A secret for each content: what runs keeps what it began with.",
    ...blocks,
  ];
}

function firstVersion({ project, secret, file }: SecretGrant & { readonly file: string }): string {
  return ensure(
    ["gcloud", "secrets", "versions", "describe", "1", `--secret=${secret}`, `--project=${project}`],
    ["gcloud", "secrets", "versions", "add", secret, `--project=${project}`, `--data-file=${file}`],
  );
}

function buckets(context: Context): readonly string[] {
  const { data } = context.spec;
  const [region] = context.regions;
  const backups = data.postgres?.backups;
  const make = (bucket: string, ...options: readonly string[]): string =>
    ensure(
      ["gcloud", "storage", "buckets", "describe", `gs://${bucket}`],
      [
        "gcloud",
        "storage",
        "buckets",
        "create",
        `gs://${bucket}`,
        `--location=${region}`,
        "--uniform-bucket-level-access",
        "--public-access-prevention",
        ...options,
      ],
    );
  const made = [
    ...(data.objects ? [make(data.objects.bucket)] : []),
    ...(data.objects?.versioning
      ? [quiet("gcloud", "storage", "buckets", "update", `gs://${data.objects.bucket}`, "--versioning")]
      : []),
    ...(backups
      ? [
          make(backups.bucket),
          quiet(
            "gcloud",
            "storage",
            "buckets",
            "update",
            `gs://${backups.bucket}`,
            "--lifecycle-file=config/backups-lifecycle.json",
          ),
        ]
      : []),
    ...bucketRoles(context).map(([bucket, account, role]) =>
      quiet(
        "gcloud",
        "storage",
        "buckets",
        "add-iam-policy-binding",
        `gs://${bucket}`,
        member(account),
        `--role=${role}`,
      ),
    ),
  ];
  return made.length === 0 ? [] : ["", "# Object storage.", ...made];
}

/** Says which secrets have no value yet, and fails while there are any. */
function missing(context: Context): string {
  const names = secretGrants(context).map(({ project, secret }) => `${project}/${secret}`);
  return [
    "",
    "# Values are yours to bring, by a pipe and never as an argument.",
    "missing=0",
    `for each in ${names.map(word).join(" ")}; do`,
    '  [ -n "$(gcloud secrets versions list "${each#*/}" --project="${each%%/*}" --filter=state=ENABLED --format="value(name)" --limit=1)" ] && continue',
    '  echo "No value yet: printf %s VALUE | gcloud secrets versions add ${each#*/} --project=${each%%/*} --data-file=-" >&2',
    "  missing=1",
    "done",
    "exit $missing",
  ].join("\n");
}
