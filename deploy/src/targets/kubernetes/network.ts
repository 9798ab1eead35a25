import type { Service } from "#spec/spec.ts";
import { usesIdentity } from "./identity.ts";
import { type Context, manifest, type Manifest, selectorOf } from "./manifest.ts";

const PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
// Reached over HTTPS, it would hand out the node's identity.
const METADATA = "169.254.0.0/16";

type Rule = Readonly<Record<string, unknown>>;

/** Nothing goes in or out but what a rule of another policy lets through. */
export function denyAll(context: Context): Manifest {
  return manifest(context, ["networking.k8s.io/v1", "NetworkPolicy"], ["network", "deny-all"], {
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  });
}

/** What a service's pods may reach, and who may reach them. */
export function servicePolicy(context: Context, service: Service): Manifest {
  return manifest(context, ["networking.k8s.io/v1", "NetworkPolicy"], [service.name, service.name], {
    spec: {
      podSelector: { matchLabels: selectorOf(context, service.name) },
      policyTypes: ["Ingress", "Egress"],
      ingress: ingress(context, service),
      egress: [
        dns(context),
        ...database(context),
        ...redis(context),
        https(),
        ...(usesIdentity(context, service.name) ? identity(context) : []),
      ],
    },
  });
}

/** What a job may reach; nobody reaches it. */
export function jobPolicy(context: Context, component: string, storesFiles: boolean): Manifest {
  return manifest(context, ["networking.k8s.io/v1", "NetworkPolicy"], [component, component], {
    spec: {
      podSelector: { matchLabels: selectorOf(context, component) },
      policyTypes: ["Ingress", "Egress"],
      egress: [dns(context), ...database(context), ...(storesFiles ? [https(), ...identity(context)] : [])],
    },
  });
}

function ingress(context: Context, service: Service): readonly Rule[] {
  const { spec, provider } = context;
  const ports = [{ port: "http", protocol: "TCP" }];
  const scraper = {
    from: [
      {
        namespaceSelector: namespaceOf(spec.environment.cluster?.monitoring ?? "monitoring"),
        podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
      },
    ],
    ports,
  };
  if (service.access.kind !== "public") {
    const neighbours = { from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": spec.name } } }], ports };
    return service.access.kind === "internal" ? [neighbours, scraper] : [scraper];
  }
  const gateway = spec.environment.cluster?.gateway;
  const namespace = gateway?.namespace ?? provider.gateway.namespace;
  const from = [
    ...(namespace === undefined ? [] : [{ namespaceSelector: namespaceOf(namespace) }]),
    ...(gateway?.networks ?? provider.gateway.networks).map(networkBlock),
  ];
  // An empty `from` would let everyone in.
  return from.length === 0 ? [scraper] : [{ from, ports }, scraper];
}

function dns({ provider }: Context): Rule {
  return {
    to: [
      { namespaceSelector: namespaceOf("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } },
      ...provider.dnsNetworks.map(networkBlock),
    ],
    ports: [
      { port: 53, protocol: "UDP" },
      { port: 53, protocol: "TCP" },
    ],
  };
}

function database({ spec: { data } }: Context): readonly Rule[] {
  return data.postgres === undefined ? [] : [inside(data.postgres.network, data.postgres.port)];
}

function redis({ spec: { data } }: Context): readonly Rule[] {
  return data.redis === undefined ? [] : [inside(data.redis.network, data.redis.port)];
}

function inside(network: string | undefined, port: number): Rule {
  const networks = network === undefined ? PRIVATE_NETWORKS : [network];
  return { to: networks.map(networkBlock), ports: [{ port, protocol: "TCP" }] };
}

function https(): Rule {
  return { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [METADATA] } }], ports: [{ port: 443, protocol: "TCP" }] };
}

function identity({ provider }: Context): readonly Rule[] {
  return provider.identityEgress.map(({ network, port }) => ({
    to: [networkBlock(network)],
    ports: [{ port, protocol: "TCP" }],
  }));
}

function networkBlock(cidr: string): Rule {
  return { ipBlock: { cidr } };
}

function namespaceOf(name: string): Rule {
  return { matchLabels: { "kubernetes.io/metadata.name": name } };
}
