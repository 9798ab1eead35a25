import { isObject } from "#lib/shape.ts";
import { formPost } from "./form.ts";
import { ask, textField, unreadable } from "./rest.ts";
import type { SourceContext } from "./source.ts";
import type { Lease } from "./token.ts";

/** Who signs requests to AWS. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const WHAT = "AWS credentials";
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
const TASKS = "http://169.254.170.2";
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
const INSTANCE = "http://169.254.169.254/latest";
const FOREVER = Number.POSITIVE_INFINITY;

/** As metadata services answer it. */
function leaseOf(answer: unknown): Lease<AwsCredentials> {
  const expires = isObject(answer) && typeof answer["Expiration"] === "string" ? Date.parse(answer["Expiration"]) : 0;
  return {
    value: {
      accessKeyId: textField(WHAT, answer, "AccessKeyId"),
      secretAccessKey: textField(WHAT, answer, "SecretAccessKey"),
      sessionToken: textField(WHAT, answer, "Token"),
    },
    until: expires,
  };
}

async function fromFile({ readFile }: SourceContext, variable: string, path: string): Promise<string> {
  try {
    return (await readFile(path)).trim();
  } catch (error) {
    throw unreadable(WHAT, `the file that ${variable} names cannot be read`, error);
  }
}

/** A role that a token of the cluster's stands for (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html). */
async function webIdentity(
  context: SourceContext,
  role: string,
  file: string,
  region: string,
): Promise<Lease<AwsCredentials>> {
  const { client, environment } = context;
  const token = await fromFile(context, "AWS_WEB_IDENTITY_TOKEN_FILE", file);
  const form = {
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: environment["AWS_ROLE_SESSION_NAME"] ?? "slipway",
    WebIdentityToken: token,
  };
  const endpoint =
    environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"] ?? `https://sts.${region}.amazonaws.com/`;
  const { accept: _json, ...headers } = formPost(form).headers;
  const answer = await ask(client, WHAT, endpoint, { ...formPost(form), headers });
  const part = (name: string): string => {
    const found = typeof answer === "string" ? new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1] : undefined;
    if (found === undefined) throw unreadable(WHAT, `the answer names no ${name}`);
    return found;
  };
  return {
    value: {
      accessKeyId: part("AccessKeyId"),
      secretAccessKey: part("SecretAccessKey"),
      sessionToken: part("SessionToken"),
    },
    until: Date.parse(part("Expiration")),
  };
}

/** Of an ECS task or an EKS pod (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). */
async function container(context: SourceContext, url: string): Promise<Lease<AwsCredentials>> {
  const { client, environment } = context;
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token = file
    ? await fromFile(context, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
    : environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  return leaseOf(await ask(client, WHAT, url, { headers: token ? { authorization: token } : {} }));
}

function textOf(answer: unknown): string {
  if (typeof answer === "string") return answer;
  throw unreadable(WHAT, "the metadata service answered with something that cannot be read");
}

async function instance({ client }: SourceContext): Promise<Lease<AwsCredentials>> {
  const session = await ask(client, WHAT, `${INSTANCE}/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
  });
  const headers = { "x-aws-ec2-metadata-token": textOf(session) };
  const roles = await ask(client, WHAT, `${INSTANCE}/meta-data/iam/security-credentials/`, { headers });
  const [role = ""] = textOf(roles).split("\n");
  const answer = await ask(
    client,
    WHAT,
    `${INSTANCE}/meta-data/iam/security-credentials/${encodeURIComponent(role.trim())}`,
    { headers },
  );
  return leaseOf(answer);
}

/** In the order of AWS' own libraries: keys in the environment, a web identity, the container, the machine. */
export async function awsCredentials(context: SourceContext, region: string): Promise<Lease<AwsCredentials>> {
  const { environment } = context;
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (accessKeyId && secretAccessKey) {
    return { value: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }, until: FOREVER };
  }
  const { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: file } = environment;
  if (role && file) return await webIdentity(context, role, file, region);
  const relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  if (relative) return await container(context, `${TASKS}${relative}`);
  const full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (full) return await container(context, full);
  return await instance(context);
}
