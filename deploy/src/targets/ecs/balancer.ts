import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import { type Context, imported, tagsOf } from "../aws/context.ts";
import { between, securityGroup } from "../aws/security-groups.ts";
import { logical, ref, type Resource, type Resources, together, type Values } from "../aws/template.ts";

/** The balancer that clients of the internet reach, and the one for callers in the network. */
export type Side = "Public" | "Internal";

/** Which balancer a service stands behind. */
export function sideOf({ access }: Service): Side {
  return access.kind === "public" ? "Public" : "Internal";
}

/** The balancers that the services need, with what leads to each service. */
export function balancers(context: Context): Resources {
  const parts = (["Public", "Internal"] as const).flatMap((side) => {
    const services = context.spec.services.filter((service) => sideOf(service) === side);
    return services.length === 0
      ? []
      : [balancer(context, side, services), ...services.map((one) => toService(context, one))];
  });
  return together(...parts, ...context.spec.services.map((service, index) => rules(context, service, index)));
}

const NOT_FOUND = { Type: "fixed-response", FixedResponseConfig: { StatusCode: "404", ContentType: "text/plain" } };

function balancer(context: Context, side: Side, services: readonly Service[]): Resources {
  const isPublic = side === "Public";
  // No time is shorter than a service's own: a stream of five minutes is not cut by who stands before it. 4000 is the most.
  const idle = Math.min(4000, Math.max(...services.map(({ timeout }) => seconds(timeout))) + 5);
  return {
    [`${side}BalancerSecurityGroup`]: securityGroup(context, `${side} balancer`, []),
    [`${side}Balancer`]: {
      Type: "AWS::ElasticLoadBalancingV2::LoadBalancer",
      Properties: {
        Type: "application",
        Scheme: isPublic ? "internet-facing" : "internal",
        IpAddressType: "ipv4",
        Subnets: isPublic ? (context.network.publicSubnets ?? []) : context.network.privateSubnets,
        SecurityGroups: [ref(`${side}BalancerSecurityGroup`)],
        LoadBalancerAttributes: Object.entries({
          "deletion_protection.enabled": "true",
          "idle_timeout.timeout_seconds": String(idle),
          "routing.http.drop_invalid_header_fields.enabled": "true",
          "routing.http.desync_mitigation_mode": "strictest",
          "routing.http.xff_header_processing.mode": "append",
        }).map(([Key, Value]) => ({ Key, Value })),
        Tags: tagsOf(context),
      },
    },
    ...(isPublic ? publicListeners(context) : callers(context, services)),
  };
}

function publicListeners(context: Context): Resources {
  const open = (port: number, description: string): Resource => ({
    Type: "AWS::EC2::SecurityGroupIngress",
    Properties: {
      GroupId: ref("PublicBalancerSecurityGroup"),
      CidrIp: "0.0.0.0/0",
      IpProtocol: "tcp",
      FromPort: port,
      ToPort: port,
      Description: description,
    },
  });
  return {
    PublicFromHttp: open(80, "Leads to HTTPS"),
    PublicFromHttps: open(443, "Clients"),
    PublicHttp: {
      Type: "AWS::ElasticLoadBalancingV2::Listener",
      Properties: {
        LoadBalancerArn: ref("PublicBalancer"),
        Port: 80,
        Protocol: "HTTP",
        DefaultActions: [
          { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" } },
        ],
      },
    },
    PublicHttps: {
      Type: "AWS::ElasticLoadBalancingV2::Listener",
      Properties: {
        LoadBalancerArn: ref("PublicBalancer"),
        Port: 443,
        Protocol: "HTTPS",
        SslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates: [{ CertificateArn: context.network.certificate }],
        // Hosts that are nobody's.
        DefaultActions: [NOT_FOUND],
      },
    },
    // For whoever scrapes, who does not come through here.
    PublicMetrics: {
      Type: "AWS::ElasticLoadBalancingV2::ListenerRule",
      Properties: {
        ListenerArn: ref("PublicHttps"),
        Priority: 1,
        Conditions: [{ Field: "path-pattern", PathPatternConfig: { Values: ["/metrics"] } }],
        Actions: [NOT_FOUND],
      },
    },
  };
}

/** Who carries this group may ask the services; tasks of the system itself ask those that are `internal`. */
function callers(context: Context, services: readonly Service[]): Resources {
  const resources: [string, Resource][] = [
    ["CallersSecurityGroup", securityGroup(context, "Callers of the internal balancer", [])],
  ];
  for (const { name, port, access } of services) {
    const id = logical(name);
    const to = ref("InternalBalancerSecurityGroup");
    const [ingress, egress] = between(context, [ref("CallersSecurityGroup"), to], port, `Callers of ${name}`);
    resources.push([`${id}FromCallers`, ingress], [`CallersTo${id}`, egress]);
    if (access.kind === "internal") {
      const [own, out] = between(
        context,
        [imported(context, "WorkloadSecurityGroup"), to],
        port,
        `Neighbours of ${name}`,
      );
      resources.push([`${id}FromNeighbours`, own], [`NeighboursTo${id}`, out]);
    }
    resources.push([
      `${id}Listener`,
      {
        Type: "AWS::ElasticLoadBalancingV2::Listener",
        Properties: {
          LoadBalancerArn: ref("InternalBalancer"),
          Port: port,
          Protocol: "HTTP",
          DefaultActions: [NOT_FOUND],
        },
      },
    ]);
  }
  return together(...resources.map(([id, resource]) => ({ [id]: resource })));
}

/** Only the balancer reaches the tasks. */
function toService(context: Context, service: Service): Resources {
  const [ingress, egress] = between(
    context,
    [ref(`${sideOf(service)}BalancerSecurityGroup`), imported(context, "WorkloadSecurityGroup")],
    service.port,
    `Balancer to ${service.name}`,
  );
  return { [`${logical(service.name)}FromBalancer`]: ingress, [`BalancerTo${logical(service.name)}`]: egress };
}

/** The header that leads to the release that is being made, before clients get there. */
export const TEST_HEADER = { name: "x-slipway-release", value: "next" };

/** The target groups of a service, of the release that runs and of the next one, and the rules that lead there. */
function rules(context: Context, service: Service, index: number): Resources {
  const id = logical(service.name);
  const shifted = context.spec.environment.rollout.strategy !== "rolling";
  const isPublic = sideOf(service) === "Public";
  const listener = ref(isPublic ? "PublicHttps" : `${id}Listener`);
  const here: Values = isPublic
    ? { Field: "host-header", HostHeaderConfig: { Values: service.access.hosts } }
    : { Field: "path-pattern", PathPatternConfig: { Values: ["/*"] } };
  const weights = (first: number) => ({
    TargetGroups: [
      { TargetGroupArn: ref(`${id}TargetsA`), Weight: first },
      ...(shifted ? [{ TargetGroupArn: ref(`${id}TargetsB`), Weight: 100 - first }] : []),
    ],
  });
  const rule = (Priority: number, Conditions: readonly Values[], first: number): Resource => ({
    Type: "AWS::ElasticLoadBalancingV2::ListenerRule",
    Properties: {
      ListenerArn: listener,
      Priority,
      Conditions,
      Actions: [{ Type: "forward", ForwardConfig: weights(first) }],
    },
  });
  const test: Values = {
    Field: "http-header",
    HttpHeaderConfig: { HttpHeaderName: TEST_HEADER.name, Values: [TEST_HEADER.value] },
  };
  return {
    [`${id}TargetsA`]: targets(context, service),
    [`${id}Rule`]: rule(1000 + index, [here], 100),
    ...(shifted
      ? { [`${id}TargetsB`]: targets(context, service), [`${id}TestRule`]: rule(100 + index, [here, test], 100) }
      : {}),
  };
}

function targets(context: Context, service: Service): Resource {
  const { path, period, timeout, failures } = service.probes.readiness;
  const interval = Math.min(300, Math.max(5, seconds(period)));
  return {
    Type: "AWS::ElasticLoadBalancingV2::TargetGroup",
    Properties: {
      TargetType: "ip",
      VpcId: context.network.vpc,
      Port: service.port,
      Protocol: "HTTP",
      HealthCheckEnabled: true,
      HealthCheckPath: path,
      HealthCheckProtocol: "HTTP",
      HealthCheckIntervalSeconds: interval,
      HealthCheckTimeoutSeconds: Math.min(interval - 1, Math.max(2, seconds(timeout))),
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: Math.min(10, Math.max(2, failures)),
      Matcher: { HttpCode: "200" },
      TargetGroupAttributes: Object.entries({
        "deregistration_delay.timeout_seconds": String(seconds(service.drain)),
        "load_balancing.algorithm.type": "least_outstanding_requests",
        "stickiness.enabled": "false",
      }).map(([Key, Value]) => ({ Key, Value })),
      Tags: tagsOf(context),
    },
  };
}
