import { mebibytes } from "@slipway/contracts/spec/quantity.ts";
import { type Context, nameOf, usesNetwork } from "../context.ts";
import { command, ensure, script } from "./shell.ts";

/** Cloud SQL and Memorystore with private addresses only; undefined where the system has neither. */
export function dataScript(context: Context): string | undefined {
  if (!usesNetwork(context)) return undefined;
  return script(
    context,
    [
      "Database and Redis in the network of the services, with private addresses only. Not needed where you have them already:",
      "what counts are the addresses in the secrets.",
    ],
    [...peering(context), ...database(context), ...redis(context)],
  );
}

/** The network's place for Google's managed services: https://cloud.google.com/sql/docs/postgres/configure-private-services-access */
function peering(context: Context): readonly string[] {
  const { network } = context.settings;
  const range = nameOf(context, "services");
  return [
    ensure(
      ["gcloud", "compute", "addresses", "describe", range, "--global"],
      [
        "gcloud",
        "compute",
        "addresses",
        "create",
        range,
        "--global",
        "--purpose=VPC_PEERING",
        "--prefix-length=20",
        `--network=${network}`,
      ],
    ),
    command(
      "gcloud",
      "services",
      "vpc-peerings",
      "update",
      "--service=servicenetworking.googleapis.com",
      `--ranges=${range}`,
      `--network=${network}`,
      "--force",
    ),
  ];
}

function database(context: Context): readonly string[] {
  const { postgres } = context.spec.data;
  if (postgres === undefined) return [];
  const { project, settings } = context;
  const [region, ...others] = context.regions;
  const name = nameOf(context, "postgres");
  const size = Math.max(10, Math.ceil(mebibytes(postgres.storage) / 1024));
  const shared = [`--network=projects/${project}/global/networks/${settings.network}`, "--no-assign-ip"];
  const replicas = Array.from({ length: postgres.replicas }, (_none, index) => {
    const replica = `${name}-replica-${index + 1}`;
    // The first ones stand in other regions, where there are any: they can take over there.
    const where = others[index] ?? region;
    return ensure(
      ["gcloud", "sql", "instances", "describe", replica],
      [
        "gcloud",
        "sql",
        "instances",
        "create",
        replica,
        `--master-instance-name=${name}`,
        `--region=${where}`,
        ...shared,
      ],
    );
  });
  return [
    "",
    ensure(
      ["gcloud", "sql", "instances", "describe", name],
      [
        "gcloud",
        "sql",
        "instances",
        "create",
        name,
        `--database-version=POSTGRES_${postgres.version}`,
        `--region=${region}`,
        "--edition=enterprise",
        "--tier=db-custom-2-7680",
        `--storage-size=${size}GB`,
        "--storage-auto-increase",
        `--availability-type=${postgres.highAvailability ? "regional" : "zonal"}`,
        ...shared,
        "--ssl-mode=ENCRYPTED_ONLY",
        `--database-flags=max_connections=${postgres.maxConnections}`,
        "--backup-start-time=01:00",
        ...(postgres.backups?.pointInTime === false ? [] : ["--enable-point-in-time-recovery"]),
        "--deletion-protection",
      ],
    ),
    ensure(
      ["gcloud", "sql", "databases", "describe", "slipway", `--instance=${name}`],
      ["gcloud", "sql", "databases", "create", "slipway", `--instance=${name}`],
    ),
    ...replicas,
  ];
}

function redis(context: Context): readonly string[] {
  const { redis: settings } = context.spec.data;
  if (settings === undefined) return [];
  const [region] = context.regions;
  const where = [nameOf(context, "redis"), `--region=${region}`];
  return [
    "",
    ensure(
      ["gcloud", "redis", "instances", "describe", ...where],
      [
        "gcloud",
        "redis",
        "instances",
        "create",
        ...where,
        `--size=${Math.max(1, Math.ceil(mebibytes(settings.memory) / 1024))}`,
        `--tier=${settings.highAvailability ? "standard" : "basic"}`,
        "--redis-version=redis_7_2",
        // Budgets are kept there: a key that is dropped is money that is not counted.
        "--redis-config=maxmemory-policy=noeviction",
        `--network=projects/${context.project}/global/networks/${context.settings.network}`,
        "--connect-mode=private-service-access",
        "--transit-encryption-mode=server-authentication",
        "--enable-auth",
        ...(settings.snapshots ? ["--persistence-mode=rdb", "--rdb-snapshot-period=6h"] : []),
      ],
    ),
  ];
}
