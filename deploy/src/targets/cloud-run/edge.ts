import type { Service } from "#spec/spec.ts";
import { type Context, nameOf } from "./context.ts";
import { hasEdge } from "./service.ts";

type Values = Readonly<Record<string, unknown>>;

/** Services that the balancer leads to. */
export function publicServices({ spec }: Context): readonly Service[] {
  return spec.services.filter(hasEdge);
}

const global = ({ project }: Context, kind: string, name: string): string =>
  `https://www.googleapis.com/compute/v1/projects/${project}/global/${kind}/${name}`;

/** The backend of a service: one serverless group a region, the nearest healthy one answers. */
export function backendService(context: Context, service: Service): Values {
  const { project, regions, settings } = context;
  const name = nameOf(context, service.name);
  const hasFiles = service.roles.includes("console") && settings.edge.cdn;
  return {
    name,
    loadBalancingScheme: "EXTERNAL_MANAGED",
    protocol: "HTTPS",
    enableCDN: hasFiles,
    // Answers of models say no-store; the console's files say how long they may be kept.
    ...(hasFiles ? { cdnPolicy: { cacheMode: "USE_ORIGIN_HEADERS", requestCoalescing: true } } : {}),
    ...(settings.edge.waf ? { securityPolicy: global(context, "securityPolicies", nameOf(context, "waf")) } : {}),
    // With an instance at least in each region the readiness probes decide; this is for those that scale to none:
    // https://cloud.google.com/run/docs/configuring/configure-service-health
    ...(regions.length > 1
      ? {
          outlierDetection: {
            consecutiveErrors: 5,
            enforcingConsecutiveErrors: 100,
            interval: { seconds: 10 },
            baseEjectionTime: { seconds: 30 },
            maxEjectionPercent: 50,
          },
        }
      : {}),
    logConfig: { enable: true, sampleRate: 1 },
    backends: regions.map((region) => ({
      group: `https://www.googleapis.com/compute/v1/projects/${project}/regions/${region}/networkEndpointGroups/${name}`,
    })),
  };
}

/** Which host leads where. `/metrics` is for the scraper, who does not come through here. */
export function urlMap(context: Context): Values {
  const services = publicServices(context);
  const [first] = services;
  const backend = (service: Service): string => global(context, "backendServices", nameOf(context, service.name));
  return {
    name: nameOf(context, "https"),
    ...(first === undefined ? {} : { defaultService: backend(first) }),
    hostRules: services.map((service) => ({ hosts: service.access.hosts, pathMatcher: service.name })),
    pathMatchers: services.map((service) => ({
      name: service.name,
      defaultService: backend(service),
      routeRules: [
        {
          priority: 1,
          matchRules: [{ fullPathMatch: "/metrics" }, { prefixMatch: "/metrics/" }],
          service: backend(service),
          routeAction: { faultInjectionPolicy: { abort: { httpStatus: 404, percentage: 100 } } },
        },
      ],
    })),
  };
}

/** Plain HTTP is sent on. */
export function redirectMap(context: Context): Values {
  return {
    name: nameOf(context, "http"),
    defaultUrlRedirect: { httpsRedirect: true, redirectResponseCode: "MOVED_PERMANENTLY_DEFAULT", stripQuery: false },
  };
}

// https://cloud.google.com/armor/docs/waf-rules. What models are asked and agents are told looks like any attack (it quotes SQL
// and scripts), so these look at everything but the paths that carry it, and at the level with the fewest false alarms.
const WAF = ["sqli-v33-stable", "xss-v33-stable", "lfi-v33-stable", "rce-v33-stable", "protocolattack-v33-stable"];
const MODEL_PATHS = "^/(v1|v1beta|api|mcp|graphql)(/|$)";

/** Cloud Armor before all public services. */
export function securityPolicy(context: Context): Values {
  const { requestsPerMinute } = context.settings.edge;
  const inspected = WAF.map((set, index) => ({
    priority: 2000 + index * 10,
    description: `known attacks: ${set}`,
    action: "deny(403)",
    preview: false,
    match: {
      expr: {
        expression: `!request.path.matches('${MODEL_PATHS}') && evaluatePreconfiguredWaf('${set}', {'sensitivity': 1})`,
      },
    },
  }));
  const everyone = { versionedExpr: "SRC_IPS_V1", config: { srcIpRanges: ["*"] } };
  return {
    name: nameOf(context, "waf"),
    type: "CLOUD_ARMOR",
    rules: [
      {
        priority: 1000,
        description: "metrics are for the scraper",
        action: "deny(404)",
        preview: false,
        match: { expr: { expression: "request.path == '/metrics' || request.path.startsWith('/metrics/')" } },
      },
      ...inspected,
      {
        priority: 3000,
        description: "requests of one address",
        action: "throttle",
        preview: false,
        match: everyone,
        rateLimitOptions: {
          conformAction: "allow",
          exceedAction: "deny(429)",
          enforceOnKey: "IP",
          rateLimitThreshold: { count: requestsPerMinute, intervalSec: 60 },
        },
      },
      { priority: 2_147_483_647, description: "everything else", action: "allow", preview: false, match: everyone },
    ],
  };
}
