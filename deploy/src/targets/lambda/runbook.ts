import { commands } from "#render/commands.ts";
import type { Service } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";
import { outputCommand } from "../aws/commands.ts";
import type { Context, Contexts } from "../aws/context.ts";
import { awsRunbook, before, errorsOf, madeAs, NOT_UNDONE } from "../aws/runbook.ts";
import { logical } from "../aws/template.ts";
import { ALIAS } from "./function.ts";

/** What people do with Amazon's own CLI alone. Of `contexts` the first leads. */
export function runbook(contexts: Contexts): Runbook {
  return awsRunbook(contexts, {
    rollBack: rollBack(contexts),
    callPrivate: callPrivate(contexts[0]),
    addresses,
    debugService,
  });
}

/** SAM names the application and the groups of CodeDeploy: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html */
function rollBack(contexts: Contexts): string {
  const each = (lines: (context: Context, name: string) => readonly string[]): readonly string[] =>
    contexts.flatMap((context) => context.spec.services.flatMap(({ name }) => lines(context, name)));
  const [lead] = contexts;
  return `Alarms roll a release back without anyone. While requests are being shifted CodeDeploy goes back at once, and the stack with it:\n\n${commands(
    ...each((context, name) => [
      `aws deploy list-deployments --region ${context.region} --application-name ${madeAs(context, "services", "ServerlessDeploymentApplication")} --deployment-group-name ${madeAs(context, "services", `${logical(name)}FunctionDeploymentGroup`)} --include-only-statuses Created Queued InProgress`,
    ]),
    "# in the region that lists it",
    `aws deploy stop-deployment --region ${lead.region} --deployment-id ID --auto-rollback-enabled`,
  )}\nAfterwards the alias goes back to a version that is still there, within seconds:\n\n${commands(
    ...each(({ region, prefix }, name) => [
      `aws lambda list-versions-by-function --region ${region} --function-name ${prefix}-${name} --query 'Versions[].[Version,LastModified,CodeSha256]' --output table`,
      `aws lambda update-alias --region ${region} --function-name ${prefix}-${name} --name ${ALIAS} --function-version VERSION --routing-config AdditionalVersionWeights={}`,
    ]),
  )}\nThen the files, or the next deployment brings the bad release again:\n\n${commands(...before(contexts))}\n${NOT_UNDONE}`;
}

function addresses({ spec, aws, region }: Context): readonly string[] {
  const [command, name] = aws.streaming
    ? ["apigateway", "regionalDomainName"]
    : ["apigatewayv2", "DomainNameConfigurations[0].ApiGatewayDomainName"];
  return spec.services.flatMap(({ access }) =>
    access.hosts.map(
      (host) =>
        `aws ${command} get-domain-name --region ${region} --domain-name ${host} --query '${name}' --output text`,
    ),
  );
}

function callPrivate({ spec, region, prefix }: Context): string {
  const services = spec.services.filter(({ access }) => access.kind === "private");
  const [service] = services.length === 0 ? spec.services : services;
  const address = `url=${outputCommand(region, `${prefix}-services`, `${logical(service?.name ?? "")}Address`)}`;
  if (services.length === 0)
    return `No service of this environment is private: anyone may connect, and the server asks for a key of its own.\n\n${commands(
      address,
      'curl --fail -H "Authorization: Bearer $API_KEY" "$url/v1/models"',
    )}`;
  return `The API asks for a signature of somebody who has \`execute-api:Invoke\` on it. \`Authorization\` is the signature's, so the server's key stands in a header of its own.\n\n${commands(
    address,
    'eval "$(aws configure export-credentials --format env)"',
    `curl --fail --aws-sigv4 aws:amz:${region}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "X-Amz-Security-Token: $AWS_SESSION_TOKEN" -H "X-API-KEY: $API_KEY" "$url/v1/models"`,
  )}`;
}

function debugService(context: Context, service: Service): readonly string[] {
  const { region, prefix, aws } = context;
  const { name } = service;
  const own = `--region ${region} --function-name ${prefix}-${name}`;
  return [
    `# ${name}: which version is called, whether it is ready, how many instances it may have`,
    `aws lambda get-alias ${own} --name ${ALIAS}`,
    `aws lambda get-function-configuration ${own} --qualifier ${ALIAS} --query '[State,StateReason,LastUpdateStatus,LastUpdateStatusReason,MemorySize,Timeout]'`,
    `aws lambda get-function-concurrency ${own}`,
    "# Errors of the last hour, as the server wrote them",
    errorsOf(context, service),
    "# What the platform says: starts, times, memory against its bound",
    `aws logs tail /slipway/${prefix}/${name} --region ${region} --since 1h --filter-pattern '{ $.type = "platform.report" }'`,
    ...(aws.streaming
      ? []
      : [
          "# What the API answered, and why a call of the function failed",
          `aws logs tail /slipway/${prefix}/${name}-api --region ${region} --since 1h --filter-pattern '{ $.status >= 500 }'`,
        ]),
  ];
}
