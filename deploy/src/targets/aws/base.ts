import { backup } from "./backup.ts";
import { type Context, tagsOf } from "./context.ts";
import { budget, notifications } from "./notifications.ts";
import { workloadGroup } from "./security-groups.ts";
import { migration, migrationOutputs, stepLogs } from "./steps.ts";
import { attribute, type Output, ref, type Resources, type Stack, sub, together } from "./template.ts";

/**
 * What releases stand on and what goes before them: cluster, network rules, topic of alarms, budget, migrations, backups. It is
 * deployed first; then the migration is run; then the services are deployed.
 */
export function baseStack(context: Context): Stack {
  return {
    description: "Base",
    resources: together(
      cluster(context),
      workloadGroup(context),
      notifications(context),
      eventLogs(context),
      budget(context),
      stepLogs(context),
      migration(context),
      backup(context),
    ),
    outputs: outputs(context),
  };
}

function cluster(context: Context): Resources {
  return {
    Cluster: {
      Type: "AWS::ECS::Cluster",
      Properties: {
        ClusterName: context.prefix,
        CapacityProviders: ["FARGATE"],
        ClusterSettings: [{ Name: "containerInsights", Value: "enhanced" }],
        Tags: tagsOf(context),
      },
    },
  };
}

/** What ECS tells of its tasks, kept for people: why one stopped is nowhere else an hour later. */
function eventLogs(context: Context): Resources {
  const name = `/aws/events/slipway/${context.prefix}`;
  return {
    EventLogs: {
      Type: "AWS::Logs::LogGroup",
      Properties: { LogGroupName: name, RetentionInDays: context.aws.logDays, Tags: tagsOf(context) },
    },
    EventLogsPolicy: {
      Type: "AWS::Logs::ResourcePolicy",
      Properties: {
        PolicyName: `slipway-${context.prefix}`,
        // This one kind of policy is a text in CloudFormation.
        PolicyDocument: sub(
          JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Sid: "Events",
                Effect: "Allow",
                Principal: { Service: ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
                Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                Resource: "${EventLogs.Arn}",
                Condition: { StringEquals: { "aws:SourceAccount": "${AWS::AccountId}" } },
              },
            ],
          }),
        ),
      },
    },
  };
}

function outputs(context: Context): Readonly<Record<string, Output>> {
  return {
    Cluster: { value: ref("Cluster"), description: "Cluster" },
    ClusterArn: { value: attribute("Cluster", "Arn"), description: "Cluster" },
    WorkloadSecurityGroup: {
      value: attribute("WorkloadSecurityGroup", "GroupId"),
      description: "Security group of tasks and functions: existing databases let it in",
    },
    AlarmTopic: { value: ref("AlarmTopic"), description: "Topic of alarms" },
    ...migrationOutputs(context),
  };
}
