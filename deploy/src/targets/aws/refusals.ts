import { SlipwayError } from "@slipway/contracts/errors.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Service, Spec } from "#spec/spec.ts";
import type { Context } from "./context.ts";

type Refusal = readonly [what: string, hint: string];

/** Refuses what a platform of AWS cannot run, before anything is rendered. Throws `spec_incomplete` with the first of them. */
export function refuse(spec: Spec, target: Context["target"]): void {
  const own = spec.services.flatMap((service) => (target === "ecs" ? onTasks(service) : onFunctions(spec, service)));
  const [first] = [...everywhere(spec, target), ...own];
  if (first !== undefined) throw new SlipwayError("spec_incomplete", first[0], { hint: first[1] });
}

function everywhere({ environment, secrets, data, services }: Spec, target: Context["target"]): readonly Refusal[] {
  const found: Refusal[] = [];
  const elsewhere = secrets.find(({ place }) => place.kind !== "aws-sm");
  if (elsewhere !== undefined)
    found.push([
      `The secret ${elsewhere.variable} lies in ${elsewhere.place.kind}, where ${target} cannot fetch it with a role of AWS.`,
      `Keep it in Secrets Manager and write aws-sm://REGION/NAME, in \`environments.…secrets\` if others read it elsewhere.`,
    ]);
  if (data.postgres === undefined)
    found.push([
      `The system has no database, and on ${target} the embedded one would be lost with every instance.`,
      "Add `data: { postgres: {} }`: the server keeps its records in PostgreSQL; DynamoDB tables are for agents.",
    ]);
  for (const { name, access } of services) {
    if (access.kind !== "public") continue;
    if (access.hosts.length === 0)
      found.push([`The service ${name} is public and has no host.`, `Add \`hosts\` to \`services.${name}.access\`.`]);
    for (const [region, { certificate, publicSubnets }] of Object.entries(environment.aws?.networks ?? {})) {
      if (certificate === undefined)
        found.push([
          `The service ${name} is public, and ${region} has no certificate.`,
          `Add \`certificate\` to \`aws.networks.${region}\`.`,
        ]);
      if (target === "ecs" && publicSubnets === undefined)
        found.push([
          `The service ${name} is public, and ${region} has no public subnets.`,
          `Add \`publicSubnets\` to \`aws.networks.${region}\`.`,
        ]);
    }
  }
  return found;
}

/** Fargate stops a task after two minutes at most; a rule of a balancer compares with five values, one of which tells tests apart. */
function onTasks({ name, scale, drain, access }: Service): readonly Refusal[] {
  const found: Refusal[] = [];
  if (scale.min === 0)
    found.push([
      `The service ${name} has \`scale.min: 0\`, and nothing starts tasks for a request.`,
      "Write 1 or more, or use lambda.",
    ]);
  if (seconds(drain) > 115)
    found.push([`The service ${name} drains for ${drain}, and Fargate waits 120 s at most.`, "Write 115s or less."]);
  if (access.hosts.length > 4)
    found.push([
      `The service ${name} has ${access.hosts.length} hosts, and a rule of the balancer takes 4.`,
      "Name fewer, or one with a wildcard certificate.",
    ]);
  return found;
}

/** What Lambda says itself and lets nobody set (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, reserved variables). */
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|AWS_LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$/;

function onFunctions(spec: Spec, service: Service): readonly Refusal[] {
  const { environment, environmentName, name: system } = spec;
  const { name, roles, access, timeout } = service;
  const most = environment.aws?.streaming ? 900 : 29;
  const found: Refusal[] = [];
  if (`${system}-${environmentName}-${name}`.length > 64)
    found.push([
      `The function of ${name} would have a name of more than 64 letters.`,
      "Give the system, the environment or the service a shorter one.",
    ]);
  const reserved = Object.keys({ ...spec.env, ...service.env }).find((one) => RESERVED.test(one));
  if (reserved !== undefined)
    found.push([
      `The service ${name} sets ${reserved}, which Lambda says itself.`,
      `Take it away in environments.${environmentName ?? "NAME"}: \`overrides: { env: { ${reserved}: null } }\`. A function has its region and its role's credentials.`,
    ]);
  if (roles.includes("worker"))
    found.push([
      `The service ${name} has the role worker, and a function does nothing between requests.`,
      "Take `worker` out of its roles here (overrides), and run it on ecs or kubernetes.",
    ]);
  if (access.kind === "internal")
    found.push([
      `The service ${name} is internal, and an API of API Gateway is not.`,
      "Make it private (callers sign as IAM asks), or use ecs.",
    ]);
  if (seconds(timeout) > most)
    found.push([
      `The service ${name} takes up to ${timeout} for an answer, and its API cuts it off after ${most} s.`,
      environment.aws?.streaming
        ? "Write 900s or less, or use ecs."
        : "Write `timeout: 29s`, or `aws: { streaming: true }` for answers that are streamed for up to 15 minutes.",
    ]);
  return found;
}
