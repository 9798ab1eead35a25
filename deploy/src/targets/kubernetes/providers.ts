import type { Spec } from "#spec/spec.ts";

/** Everything that differs between the Kubernetes of different providers. */
export interface Provider {
  readonly name: "gke" | "eks" | "aks" | "generic";
  /** Annotations that give a service account an identity of the cloud. */
  identity(cloudIdentity: string): Readonly<Record<string, string>>;
  /** Labels of pods that use one. */
  readonly identityLabels: Readonly<Record<string, string>>;
  /** Where pods get tokens of that identity, besides HTTPS. */
  readonly identityEgress: readonly Egress[];
  /** Where names are resolved besides the cluster's DNS pods. */
  readonly dnsNetworks: readonly string[];
  readonly gateway: {
    readonly className: string;
    /** Namespace of the gateway's pods. */
    readonly namespace?: string;
    /** Networks that its requests and health checks come from. */
    readonly networks: readonly string[];
  };
  /** Whether the gateway honours the timeouts of an HTTPRoute; GKE has a policy of its own for that. */
  readonly routeTimeouts: boolean;
  /** How rclone reaches object storage with the pod's identity. */
  rclone(spec: Spec): { readonly backend: string; readonly env: Readonly<Record<string, string>> };
}

interface Egress {
  readonly network: string;
  readonly port: number;
}

const PLAIN: Provider = {
  name: "generic",
  identity: () => ({}),
  identityLabels: {},
  identityEgress: [],
  dnsNetworks: [],
  gateway: { className: "eg", namespace: "envoy-gateway-system", networks: [] },
  routeTimeouts: true,
  rclone: (spec) => ({ backend: "s3", env: s3(spec, "Other") }),
};

const s3 = ({ environment }: Spec, provider: string): Readonly<Record<string, string>> => ({
  RCLONE_S3_ENV_AUTH: "true",
  RCLONE_S3_NO_CHECK_BUCKET: "true",
  RCLONE_S3_PROVIDER: provider,
  ...(environment.regions[0] === undefined ? {} : { RCLONE_S3_REGION: environment.regions[0] }),
});

const PROVIDERS: Readonly<Record<Provider["name"], Provider>> = {
  generic: PLAIN,
  gke: {
    name: "gke",
    // https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
    identity: (account) => ({ "iam.gke.io/gcp-service-account": account }),
    identityLabels: {},
    // The metadata server, with and without Dataplane V2 (same page, "network policy").
    identityEgress: [
      { network: "169.254.169.252/32", port: 988 },
      { network: "169.254.169.254/32", port: 80 },
    ],
    // NodeLocal DNSCache and Cloud DNS answer from the node.
    dnsNetworks: ["169.254.20.10/32", "169.254.169.254/32"],
    gateway: {
      className: "gke-l7-global-external-managed",
      // Google's front ends and health checks: https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
      networks: ["130.211.0.0/22", "35.191.0.0/16"],
    },
    routeTimeouts: false,
    rclone: () => ({ backend: "gcs", env: { RCLONE_GCS_BUCKET_POLICY_ONLY: "true", RCLONE_GCS_ENV_AUTH: "true" } }),
  },
  eks: {
    name: "eks",
    // https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
    identity: (role) => ({ "eks.amazonaws.com/role-arn": role }),
    identityLabels: {},
    // Tokens come by HTTPS from STS.
    identityEgress: [],
    dnsNetworks: [],
    gateway: { className: "aws-alb", networks: [] },
    routeTimeouts: true,
    rclone: (spec) => ({ backend: "s3", env: s3(spec, "AWS") }),
  },
  aks: {
    name: "aks",
    // https://learn.microsoft.com/azure/aks/workload-identity-overview
    identity: (client) => ({ "azure.workload.identity/client-id": client }),
    identityLabels: { "azure.workload.identity/use": "true" },
    identityEgress: [],
    dnsNetworks: [],
    gateway: { className: "azure-alb-external", networks: [] },
    routeTimeouts: true,
    rclone: ({ environment }) => ({
      backend: "azureblob",
      env: {
        RCLONE_AZUREBLOB_ENV_AUTH: "true",
        ...(environment.cluster?.storageAccount === undefined
          ? {}
          : { RCLONE_AZUREBLOB_ACCOUNT: environment.cluster.storageAccount }),
      },
    }),
  },
};

/** The provider of the environment's cluster. */
export function providerOf({ environment }: Spec): Provider {
  return PROVIDERS[environment.cluster?.provider ?? "generic"];
}
