import type { SecretPlace } from "@slipway/contracts/spec/secret.ts";
import type { Secret } from "#spec/spec.ts";
import { type Context, manifest, type Manifest, nameOf } from "./manifest.ts";

/** A place that secrets are fetched from with one identity. */
interface Store {
  readonly key: string;
  readonly provider: Readonly<Record<string, unknown>>;
}

/** Variables that a component gets, as secrets that External Secrets keeps: one for each store that they come from. */
export function externalSecrets(
  context: Context,
  component: string,
  variables: readonly string[],
): readonly Manifest[] {
  return byStore(context, variables).map(([key, secrets]) =>
    manifest(context, ["external-secrets.io/v1", "ExternalSecret"], [component, `${component}-${key}`], {
      spec: {
        refreshInterval: "15m",
        secretStoreRef: { kind: "SecretStore", name: nameOf(context, key) },
        target: { name: nameOf(context, `${component}-${key}`), creationPolicy: "Owner", deletionPolicy: "Retain" },
        data: secrets.map(({ variable, place }) => ({ secretKey: variable, remoteRef: remote(place) })),
      },
    }),
  );
}

/** The names of the secrets that {@link externalSecrets} makes. */
export function secretNames(context: Context, component: string, variables: readonly string[]): readonly string[] {
  return byStore(context, variables).map(([key]) => nameOf(context, `${component}-${key}`));
}

/** The stores of all secrets. */
export function secretStores(context: Context): readonly Manifest[] {
  const stores = new Map(
    context.spec.secrets.map(({ place }) => [storeOf(context, place).key, storeOf(context, place)]),
  );
  return [...stores.values()].map(({ key, provider }) =>
    manifest(context, ["external-secrets.io/v1", "SecretStore"], ["secrets", key], { spec: { provider } }),
  );
}

function byStore(context: Context, variables: readonly string[]): readonly (readonly [string, readonly Secret[]])[] {
  const groups = new Map<string, Secret[]>();
  for (const secret of context.spec.secrets) {
    if (!variables.includes(secret.variable)) continue;
    const { key } = storeOf(context, secret.place);
    groups.set(key, [...(groups.get(key) ?? []), secret]);
  }
  return [...groups];
}

function storeOf(context: Context, { kind, project, region, vault }: SecretPlace): Store {
  const account = { serviceAccountRef: { name: nameOf(context, "secrets") } };
  const { environment } = context.spec;
  const location = [environment.regions[0], environment.cluster?.name] as const;
  switch (kind) {
    case "gcp-sm": {
      const cluster = location[1] === undefined ? {} : { clusterName: location[1], clusterLocation: location[0] ?? "" };
      return {
        key: `gcp-${project}`.slice(0, 40),
        provider: { gcpsm: { projectID: project, auth: { workloadIdentity: { ...cluster, ...account } } } },
      };
    }
    case "azure-kv":
      return {
        key: `azure-${vault}`.toLowerCase(),
        provider: {
          azurekv: { authType: "WorkloadIdentity", vaultUrl: `https://${vault}.vault.azure.net`, ...account },
        },
      };
    // Others are refused before anything is rendered for a cluster.
    case "aws-sm":
    case "vault":
    case "file":
      return {
        key: `aws-${region ?? "none"}`,
        provider: { aws: { service: "SecretsManager", region, auth: { jwt: account } } },
      };
  }
}

function remote({ name, version, field }: SecretPlace): Readonly<Record<string, unknown>> {
  return {
    key: name,
    ...(version === undefined || version === "latest" ? {} : { version }),
    ...(field === undefined ? {} : { property: field }),
  };
}
