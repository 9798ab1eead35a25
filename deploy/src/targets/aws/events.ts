import { type Context, imported } from "./context.ts";
import { type Resource, sub, type Values } from "./template.ts";

/** A rule that keeps matching events in the log group of the base; how many there are is a metric of the rule. */
export function loggedEvents(context: Context, description: string, pattern: Values): Resource {
  return {
    Type: "AWS::Events::Rule",
    Properties: {
      Description: description,
      EventPattern: pattern,
      State: "ENABLED",
      // The group's ARN ends in `:*`, which a target's does not.
      Targets: [
        {
          Id: "log",
          Arn: sub(
            `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/events/slipway/${context.prefix}`,
          ),
        },
      ],
    },
  };
}

/** A rule that tells the topic of the base of matching events. */
export function toldEvents(context: Context, description: string, pattern: Values): Resource {
  return {
    Type: "AWS::Events::Rule",
    Properties: {
      Description: description,
      EventPattern: pattern,
      State: "ENABLED",
      Targets: [{ Id: "topic", Arn: imported(context, "AlarmTopic") }],
    },
  };
}
