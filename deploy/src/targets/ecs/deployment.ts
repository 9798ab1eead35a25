import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service } from "#spec/spec.ts";
import type { Context } from "../aws/context.ts";
import { logical, ref, type Values } from "../aws/template.ts";

/** CloudFormation gives up after 36 hours: ECS refuses pauses that add up to more than 33. */
const MOST_MINUTES = 1440;

/**
 * How ECS itself replaces a release, watched by alarms, with what it must be able to roll back
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html).
 */
export function deployment({ spec }: Context, { name }: Service): Values {
  const { strategy } = spec.environment.rollout;
  const id = logical(name);
  return {
    ...(strategy === "rolling" ? { Strategy: "ROLLING", MinimumHealthyPercent: 100, MaximumPercent: 200 } : {}),
    ...(strategy === "blue-green"
      ? { Strategy: "BLUE_GREEN", BakeTimeInMinutes: minutes(spec.environment.rollout.pause) }
      : {}),
    ...(strategy === "canary" ? gradual(spec.environment.rollout) : {}),
    DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    Alarms: { Enable: true, Rollback: true, AlarmNames: [ref(`${id}ReleaseErrors`), ref(`${id}ReleaseSlow`)] },
  };
}

function minutes(pause: string): number {
  return Math.min(MOST_MINUTES, Math.max(1, Math.ceil(seconds(pause) / 60)));
}

/**
 * The steps of a canary as ECS can take them: equal ones as they are (`LINEAR`), others as the first step, which is then watched for as
 * long as all of them would have been (`CANARY`).
 */
function gradual({ steps, pause }: Context["spec"]["environment"]["rollout"]): Values {
  const [first = 5] = steps;
  const equal =
    steps.length > 1 && first >= 3 && steps.every((step, index) => Math.abs(step - first * (index + 1)) < 0.05);
  const bake = minutes(pause);
  if (equal && Math.abs(first * (steps.length + 1) - 100) < 0.05)
    return {
      Strategy: "LINEAR",
      BakeTimeInMinutes: bake,
      LinearConfiguration: { StepPercent: tenths(first), StepBakeTimeInMinutes: bake },
    };
  return {
    Strategy: "CANARY",
    BakeTimeInMinutes: bake,
    CanaryConfiguration: {
      CanaryPercent: tenths(first),
      CanaryBakeTimeInMinutes: Math.min(MOST_MINUTES / 3, bake * steps.length),
    },
  };
}

/** Shares are told in tenths of a per cent. */
function tenths(percent: number): number {
  return Math.max(0.1, Math.round(percent * 10) / 10);
}
