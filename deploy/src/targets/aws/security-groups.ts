import { type Context, imported, tagsOf } from "./context.ts";
import { ref, type Resource, type Resources, type Values } from "./template.ts";

const PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** A security group of the network; nothing goes in, and out what is said. */
export function securityGroup(context: Context, description: string, egress: readonly Values[]): Resource {
  return {
    Type: "AWS::EC2::SecurityGroup",
    Properties: {
      GroupDescription: `${description} of ${context.prefix}`,
      VpcId: context.network.vpc,
      // Without a rule EC2 would let everything out.
      SecurityGroupEgress: egress.length > 0 ? egress : [out("127.0.0.1/32", 1, "Nothing")],
      Tags: tagsOf(context),
    },
  };
}

/** A rule of what may be reached. */
function out(network: string, port: number, description: string): Values {
  return { CidrIp: network, IpProtocol: "tcp", FromPort: port, ToPort: port, Description: description };
}

/** Lets the holders of one group reach the holders of another. */
export function between(
  context: Context,
  [from, to]: readonly [from: unknown, to: unknown],
  port: number,
  description: string,
): readonly [ingress: Resource, egress: Resource] {
  const rule = { IpProtocol: "tcp", FromPort: port, ToPort: port, Description: `${description} (${context.prefix})` };
  return [
    { Type: "AWS::EC2::SecurityGroupIngress", Properties: { GroupId: to, SourceSecurityGroupId: from, ...rule } },
    { Type: "AWS::EC2::SecurityGroupEgress", Properties: { GroupId: from, DestinationSecurityGroupId: to, ...rule } },
  ];
}

/**
 * The group of every task and function: HTTPS anywhere, the database, Redis. Names are resolved by the VPC, which no group filters.
 * Existing databases let this group in by a rule of their own.
 */
export function workloadGroup(context: Context): Resources {
  const { postgres, redis } = context.spec.data;
  const managed = context.aws.data === "managed";
  const inside = (network: string | undefined, port: number, what: string) =>
    (network === undefined ? PRIVATE_NETWORKS : [network]).map((each) => out(each, port, what));
  const group = securityGroup(context, "Tasks and functions", [
    out("0.0.0.0/0", 443, "Models, issuers, sinks, AWS"),
    ...(postgres && !managed ? inside(postgres.network, postgres.port, "PostgreSQL") : []),
    ...(redis && !managed ? inside(redis.network, redis.port, "Redis") : []),
  ]);
  const resources: [string, Resource][] = [["WorkloadSecurityGroup", group]];
  if (!managed) return Object.fromEntries(resources);
  for (const [name, port] of [
    ["Database", postgres?.port],
    ["Redis", redis?.port],
  ] as const) {
    if (port === undefined) continue;
    const to = imported(context, `${name}SecurityGroup`);
    const [ingress, egress] = between(context, [ref("WorkloadSecurityGroup"), to], port, name);
    resources.push([`${name}FromWorkload`, ingress], [`WorkloadTo${name}`, egress]);
  }
  return Object.fromEntries(resources);
}
