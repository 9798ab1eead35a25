import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { PUBLIC_PREFIXES, publicPaths } from "#render/public-paths.ts";
import type { Service } from "#spec/spec.ts";
import { type Context, manifest, type Manifest, nameOf } from "./manifest.ts";

const GATEWAY = "gateway.networking.k8s.io/v1";

/** The gateway with its certificate, and where each host leads; nothing when no service is public. */
export function gatewayOf(context: Context): readonly Manifest[] {
  const services = context.spec.services.filter(({ access }) => access.kind === "public");
  if (services.length === 0) return [];
  return [
    gateway(context),
    toHttps(context, services),
    ...services.flatMap((service) => [route(context, service), ...policies(context, service)]),
  ];
}

function gateway(context: Context): Manifest {
  const { spec, provider } = context;
  const settings = spec.environment.cluster?.gateway;
  const certificate = settings?.certificate ?? "tls";
  const gke = provider.name === "gke";
  const listener = (name: string, protocol: string, port: number) => ({
    name,
    protocol,
    port,
    allowedRoutes: { namespaces: { from: "Same" } },
  });
  return manifest(
    context,
    [GATEWAY, "Gateway"],
    ["gateway", "gateway"],
    {
      spec: {
        gatewayClassName: settings?.className ?? provider.gateway.className,
        listeners: [
          listener("http", "HTTP", 80),
          {
            ...listener("https", "HTTPS", 443),
            // On GKE the certificate map of the annotation takes this place.
            ...(gke ? {} : { tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: certificate }] } }),
          },
        ],
      },
    },
    gke ? { annotations: { "networking.gke.io/certmap": certificate } } : {},
  );
}

function parent(context: Context, sectionName: string): Readonly<Record<string, unknown>> {
  return { parentRefs: [{ name: nameOf(context, "gateway"), sectionName }] };
}

function toHttps(context: Context, services: readonly Service[]): Manifest {
  return manifest(context, [GATEWAY, "HTTPRoute"], ["gateway", "to-https"], {
    spec: {
      ...parent(context, "http"),
      hostnames: services.flatMap(({ access }) => access.hosts),
      rules: [{ filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }] }],
    },
  });
}

function route(context: Context, service: Service): Manifest {
  const match = (type: string, value: string) => ({ path: { type, value } });
  const exact = publicPaths(service);
  return manifest(context, [GATEWAY, "HTTPRoute"], [service.name, service.name], {
    spec: {
      ...parent(context, "https"),
      hostnames: service.access.hosts,
      rules: [
        {
          matches: [
            ...PUBLIC_PREFIXES.map((path) => match("PathPrefix", path)),
            ...exact.map((path) => match("Exact", path)),
          ],
          backendRefs: [{ name: nameOf(context, service.name), port: service.port }],
          ...(context.provider.routeTimeouts ? { timeouts: { request: `${seconds(service.timeout)}s` } } : {}),
        },
      ],
    },
  });
}

/** Bounds of Google's balancers, as the policies' own schemas and https://cloud.google.com/load-balancing/docs/health-check-concepts say them. */
const [LONGEST_INTERVAL, MOST_FAILURES, LONGEST_DRAIN] = [300, 10, 3600];

/** On GKE timeouts, draining and health checks of a service are policies: https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources */
function policies(context: Context, service: Service): readonly Manifest[] {
  if (context.provider.name !== "gke") return [];
  const targetRef = { group: "", kind: "Service", name: nameOf(context, service.name) };
  const component = [service.name, service.name] as const;
  const { readiness } = service.probes;
  const interval = Math.min(LONGEST_INTERVAL, Math.max(1, seconds(readiness.period)));
  return [
    manifest(context, ["networking.gke.io/v1", "GCPBackendPolicy"], component, {
      spec: {
        default: {
          timeoutSec: seconds(service.timeout),
          connectionDraining: { drainingTimeoutSec: Math.min(LONGEST_DRAIN, seconds(service.drain)) },
        },
        targetRef,
      },
    }),
    manifest(context, ["networking.gke.io/v1", "HealthCheckPolicy"], component, {
      spec: {
        default: {
          checkIntervalSec: interval,
          // No answer may take longer than the next question.
          timeoutSec: Math.min(interval, Math.max(1, seconds(readiness.timeout))),
          healthyThreshold: 1,
          unhealthyThreshold: Math.min(MOST_FAILURES, readiness.failures),
          config: { type: "HTTP", httpHealthCheck: { port: service.port, requestPath: readiness.path } },
        },
        targetRef,
      },
    }),
  ];
}
