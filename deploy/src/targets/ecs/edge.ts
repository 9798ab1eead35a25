import { type Context, tagsOf } from "../aws/context.ts";
import { attribute, identifier, ref, type Resources, type Values } from "../aws/template.ts";

/** What stands before the public balancer: a web ACL and the names of hosts, when the file asks for them. */
export function edge(context: Context): Resources {
  if (!context.spec.services.some(({ access }) => access.kind === "public")) return {};
  return { ...(context.aws.waf ? firewall(context) : {}), ...names(context) };
}

/** Requests of one address in five minutes above which it is refused. */
const REQUESTS_OF_AN_ADDRESS = 10_000;

function visibility(name: string): Values {
  return { CloudWatchMetricsEnabled: true, MetricName: name, SampledRequestsEnabled: true };
}

/** Amazon's lists. Prompts are longer than 8 KB and hold what looks like code: what judges bodies by that only counts. */
function firewall(context: Context): Resources {
  const list = (Name: string, Priority: number, counted: readonly string[] = []) => ({
    Name,
    Priority,
    OverrideAction: { None: {} },
    Statement: {
      ManagedRuleGroupStatement: {
        VendorName: "AWS",
        Name,
        ...(counted.length === 0
          ? {}
          : { RuleActionOverrides: counted.map((rule) => ({ Name: rule, ActionToUse: { Count: {} } })) }),
      },
    },
    VisibilityConfig: visibility(Name),
  });
  const bodies = [
    "SizeRestrictions_BODY",
    "CrossSiteScripting_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "EC2MetaDataSSRF_BODY",
  ];
  return {
    Firewall: {
      Type: "AWS::WAFv2::WebACL",
      Properties: {
        Scope: "REGIONAL",
        DefaultAction: { Allow: {} },
        VisibilityConfig: visibility(`slipway-${context.prefix}`),
        Rules: [
          {
            Name: "rate",
            Priority: 0,
            Action: { Block: {} },
            Statement: {
              RateBasedStatement: { AggregateKeyType: "IP", Limit: REQUESTS_OF_AN_ADDRESS, EvaluationWindowSec: 300 },
            },
            VisibilityConfig: visibility("rate"),
          },
          list("AWSManagedRulesAmazonIpReputationList", 1),
          list("AWSManagedRulesKnownBadInputsRuleSet", 2),
          list("AWSManagedRulesCommonRuleSet", 3, bodies),
        ],
        Tags: tagsOf(context),
      },
    },
    FirewallOfBalancer: {
      Type: "AWS::WAFv2::WebACLAssociation",
      Properties: { ResourceArn: ref("PublicBalancer"), WebACLArn: attribute("Firewall", "Arn") },
    },
  };
}

/** Each host leads to the balancer; with several regions to the nearest one that is healthy. */
function names(context: Context): Resources {
  const { hostedZone } = context.aws;
  if (hostedZone === undefined) return {};
  const hosts = context.spec.services.flatMap(({ access }) => access.hosts);
  const several = context.spec.environment.regions.length > 1;
  const records = hosts.map((host) => [
    `Host${identifier(host.toLowerCase())}`,
    {
      Type: "AWS::Route53::RecordSet",
      Properties: {
        HostedZoneId: hostedZone,
        Name: `${host}.`,
        Type: "A",
        AliasTarget: {
          DNSName: attribute("PublicBalancer", "DNSName"),
          HostedZoneId: attribute("PublicBalancer", "CanonicalHostedZoneID"),
          EvaluateTargetHealth: true,
        },
        ...(several ? { Region: context.region, SetIdentifier: context.region } : {}),
      },
    },
  ]);
  return Object.fromEntries(records) as Resources;
}
