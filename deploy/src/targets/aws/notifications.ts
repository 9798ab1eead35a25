import { type Context, tagsOf } from "./context.ts";
import { identifier, ref, type Resource, type Resources, sub } from "./template.ts";

/** The topic that alarms, failed steps and budgets speak to, and who hears it. */
export function notifications(context: Context): Resources {
  const { alarmEmails } = context.aws;
  const subscriptions = alarmEmails.map((address): [string, Resource] => [
    `AlarmMail${identifier(address)}`,
    {
      Type: "AWS::SNS::Subscription",
      Properties: { Protocol: "email", Endpoint: address, TopicArn: ref("AlarmTopic") },
    },
  ]);
  const speakers = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"];
  return {
    AlarmTopic: {
      Type: "AWS::SNS::Topic",
      Properties: { DisplayName: `Slipway ${context.prefix}`.slice(0, 100), Tags: tagsOf(context) },
    },
    AlarmTopicPolicy: {
      Type: "AWS::SNS::TopicPolicy",
      Properties: {
        Topics: [ref("AlarmTopic")],
        PolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "Speakers",
              Effect: "Allow",
              Principal: { Service: speakers },
              Action: "sns:Publish",
              Resource: ref("AlarmTopic"),
              Condition: { StringEquals: { "aws:SourceAccount": sub("${AWS::AccountId}") } },
            },
          ],
        },
      },
    },
    ...Object.fromEntries(subscriptions),
  };
}

/**
 * What the environment may cost on AWS in a month, by the tag `slipway:system` (which must be activated for billing). What
 * models of other vendors cost is not on Amazon's bill: the server's budgets and metrics count that.
 */
export function budget(context: Context): Resources {
  const { budget: money } = context.spec.environment;
  if (money === undefined || !context.leads) return {};
  const { name, environmentName } = context.spec;
  const notices = money.alertAt.map((percent) => ({
    Notification: {
      NotificationType: "ACTUAL",
      ComparisonOperator: "GREATER_THAN",
      Threshold: percent,
      ThresholdType: "PERCENTAGE",
    },
    Subscribers: [{ SubscriptionType: "SNS", Address: ref("AlarmTopic") }],
  }));
  const forecast = {
    Notification: {
      NotificationType: "FORECASTED",
      ComparisonOperator: "GREATER_THAN",
      Threshold: 100,
      ThresholdType: "PERCENTAGE",
    },
    Subscribers: [{ SubscriptionType: "SNS", Address: ref("AlarmTopic") }],
  };
  const tags: readonly (readonly [string, string])[] = [
    ["slipway:system", name],
    ["slipway:environment", environmentName ?? "default"],
  ];
  return {
    Budget: {
      Type: "AWS::Budgets::Budget",
      DependsOn: "AlarmTopicPolicy",
      Properties: {
        Budget: {
          BudgetName: `slipway-${context.prefix}`,
          BudgetType: "COST",
          TimeUnit: "MONTHLY",
          BudgetLimit: { Amount: money.monthly, Unit: "USD" },
          FilterExpression: {
            And: tags.map(([Key, value]) => ({ Tags: { Key, Values: [value], MatchOptions: ["EQUALS"] } })),
          },
          Metrics: ["UnblendedCost"],
        },
        NotificationsWithSubscribers: [...notices, forecast],
      },
    },
  };
}
