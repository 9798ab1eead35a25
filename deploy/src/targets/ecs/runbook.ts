import { commands } from "#render/commands.ts";
import type { Service } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";
import { outputCommand } from "../aws/commands.ts";
import type { Context, Contexts } from "../aws/context.ts";
import { awsRunbook, before, errorsOf, madeAs, NOT_UNDONE } from "../aws/runbook.ts";
import { logical } from "../aws/template.ts";
import { TEST_HEADER } from "./balancer.ts";

/** What people do with Amazon's own CLI alone. Of `contexts` the first leads. */
export function runbook(contexts: Contexts): Runbook {
  return awsRunbook(contexts, {
    rollBack: rollBack(contexts),
    callPrivate: callPrivate(contexts[0]),
    addresses,
    debugService,
  });
}

function rollBack(contexts: Contexts): string {
  const [{ region, prefix }] = contexts;
  const running = contexts.flatMap((context) =>
    context.spec.services.map(
      ({ name }) =>
        `aws ecs list-service-deployments --region ${context.region} --cluster ${prefix} --service ${name} --status PENDING IN_PROGRESS --query 'serviceDeployments[].serviceDeploymentArn' --output text`,
    ),
  );
  return `Alarms and tasks that do not become healthy roll a release back without anyone. While it is being made ECS goes back at once, and the stack with it:\n\n${commands(
    ...running,
    "# in the region that the ARN names",
    `aws ecs stop-service-deployment --region ${region} --service-deployment-arn ARN --stop-type ROLLBACK`,
  )}\nAfterwards:\n\n${commands(...before(contexts))}\nA stack that stands at \`UPDATE_ROLLBACK_FAILED\` takes nothing until it has gone back:\n\n${commands(
    ...contexts.map(
      (context) =>
        `aws cloudformation continue-update-rollback --region ${context.region} --stack-name ${prefix}-services`,
    ),
  )}\n${NOT_UNDONE}`;
}

function addresses({ region, prefix }: Context): readonly string[] {
  return [`echo "${outputCommand(region, `${prefix}-services`, "PublicAddress")}"`];
}

function callPrivate({ spec, region, prefix }: Context): string {
  const inner = spec.services.filter(({ access }) => access.kind !== "public");
  const [host] = spec.services.flatMap(({ access }) => access.hosts);
  const shifted = spec.environment.rollout.strategy !== "rolling";
  if (inner.length === 0)
    return `No service of this environment is private: anyone may connect, and the server asks for a key of its own.\n\n${commands(
      `curl --fail -H "Authorization: Bearer $API_KEY" https://${host}/v1/models`,
      ...(shifted
        ? [
            "# the next release, before clients get there",
            `curl --fail -H '${TEST_HEADER.name}: ${TEST_HEADER.value}' -H "Authorization: Bearer $API_KEY" https://${host}/v1/models`,
          ]
        : []),
    )}`;
  return `The balancer answers inside the network, to whoever has the group \`CallersSecurityGroup\`: a task, a machine, or CloudShell in an environment of the VPC. The server's key is asked for besides.\n\n${commands(
    `echo "${outputCommand(region, `${prefix}-services`, "CallersSecurityGroup")}"`,
    `address=${outputCommand(region, `${prefix}-services`, "InternalAddress")}`,
    ...inner.map(({ port }) => `curl --fail -H "Authorization: Bearer $API_KEY" "http://$address:${port}/v1/models"`),
  )}`;
}

function debugService(context: Context, service: Service): readonly string[] {
  const { region, prefix } = context;
  const { name } = service;
  return [
    `# ${name}: what runs and what ECS says, which tasks the balancer takes for healthy`,
    `aws ecs describe-services --region ${region} --cluster ${prefix} --services ${name} --query 'services[0].[runningCount,pendingCount,deployments[].rolloutStateReason,events[:10].message]'`,
    `aws elbv2 describe-target-health --region ${region} --target-group-arn ${madeAs(context, "services", `${logical(name)}TargetsA`)} --query 'TargetHealthDescriptions[].[Target.Id,TargetHealth]'`,
    "# Why tasks stopped; memory: OutOfMemoryError stands in the container's reason",
    `aws ecs list-tasks --region ${region} --cluster ${prefix} --service-name ${name} --desired-status STOPPED --query taskArns --output text`,
    `aws ecs describe-tasks --region ${region} --cluster ${prefix} --tasks ARN --query 'tasks[].[stopCode,stoppedReason,containers[].[name,exitCode,reason]]'`,
    `aws logs tail /aws/events/slipway/${prefix} --region ${region} --since 1d    # an hour later they are told here only`,
    "# Errors of the last hour, as the server wrote them",
    errorsOf(context, service),
  ];
}
