import { AwsV4Signer } from "aws4fetch";
import { awsCredentials } from "./aws-credentials.ts";
import type { SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { ask, fieldOf, textField, unreadable } from "./rest.ts";
import type { SourceContext } from "./source.ts";
import { keepLease } from "./token.ts";

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
const TARGET = "secretsmanager.GetSecretValue";

/** AWS Secrets Manager, as the task, pod or machine, or by keys in the environment. */
export function createAwsSource(context: SourceContext) {
  const { client, environment } = context;
  const home = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  const credentials = keepLease(() => awsCredentials(context, home ?? "us-east-1"));
  return async ({ text, region = home, id, field }: Extract<SecretReference, { kind: "aws-sm" }>): Promise<string> => {
    if (region === undefined) throw unreadable(text, "neither the reference nor AWS_REGION names a region");
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const endpoint = environment["AWS_ENDPOINT_URL_SECRETS_MANAGER"] ?? environment["AWS_ENDPOINT_URL"];
    const url = new URL(endpoint ?? `https://secretsmanager.${region}.${domain}/`).href;
    const body = JSON.stringify({ SecretId: id });
    const signed = await new AwsV4Signer({
      ...(await credentials.get()),
      method: "POST",
      url,
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": TARGET },
      body,
      service: "secretsmanager",
      region,
    }).sign();
    const headers: Record<string, string> = {};
    // The host is signed, and sent by the client.
    for (const [name, value] of new Headers(signed.headers)) if (name !== "host") headers[name] = value;
    const answer = await ask(client, text, url, { method: "POST", headers, body });
    return fieldOf(text, textField(text, answer, "SecretString"), field);
  };
}
