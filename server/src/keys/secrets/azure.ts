import { isObject } from "#lib/shape.ts";
import { formPost } from "./form.ts";
import type { SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { ask, fieldOf, textField, unreadable } from "./rest.ts";
import type { SourceContext } from "./source.ts";
import { keepLease, type Lease } from "./token.ts";

// https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
const API_VERSION = "7.4";
const RESOURCE = "https://vault.azure.net";
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
const METADATA = `http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${encodeURIComponent(RESOURCE)}`;

/** Hosts of Azure's public cloud, which private networks may give private addresses. */
export const AZURE_HOSTS = ["*.vault.azure.net", "login.microsoftonline.com:443"];

function leaseOf(what: string, answer: unknown): Lease<string> {
  const given = isObject(answer) ? answer["expires_in"] : undefined;
  // Microsoft's services say it as a number, metadata services as text.
  const seconds = typeof given === "number" || typeof given === "string" ? Number(given) : 0;
  return { value: textField(what, answer, "access_token"), until: Date.now() + seconds * 1000 };
}

async function tokenOf({ client, environment, readFile }: SourceContext): Promise<Lease<string>> {
  const what = "Azure's access token";
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: id, AZURE_CLIENT_SECRET: secret } = environment;
  const { AZURE_FEDERATED_TOKEN_FILE: file, IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = environment;
  if (tenant && id && (secret || file)) {
    // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    const form: Record<string, string> = {
      grant_type: "client_credentials",
      client_id: id,
      scope: `${RESOURCE}/.default`,
    };
    if (secret) form["client_secret"] = secret;
    else {
      form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
      form["client_assertion"] = await readFile(file ?? "").catch((error: unknown) => {
        throw unreadable(what, "the file that AZURE_FEDERATED_TOKEN_FILE names cannot be read", error);
      });
    }
    const url = `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
    return leaseOf(what, await ask(client, what, url, formPost(form)));
  }
  const who = id ? `&client_id=${encodeURIComponent(id)}` : "";
  if (endpoint && header) {
    // https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
    const url = `${endpoint}?api-version=2019-08-01&resource=${encodeURIComponent(RESOURCE)}${who}`;
    const answer = await ask(client, what, url, { headers: { "x-identity-header": header } });
    const until = isObject(answer) ? Number(answer["expires_on"]) * 1000 : 0;
    return { value: textField(what, answer, "access_token"), until };
  }
  return leaseOf(what, await ask(client, what, METADATA + who, { headers: { metadata: "true" } }));
}

/** Azure Key Vault, as an application, a workload or the machine's identity. */
export function createAzureSource(context: SourceContext) {
  const token = keepLease(() => tokenOf(context));
  return async ({
    text,
    vault,
    name,
    version,
    field,
  }: Extract<SecretReference, { kind: "azure-kv" }>): Promise<string> => {
    // A name with a dot is a whole host: other clouds of Azure's have other domains.
    const host = vault.includes(".") ? vault : `${vault}.vault.azure.net`;
    const path = version === "" ? name : `${name}/${version}`;
    const url = `https://${host}/secrets/${path}?api-version=${API_VERSION}`;
    const answer = await token.use((value) =>
      ask(context.client, text, url, { headers: { authorization: `Bearer ${value}` } }),
    );
    return fieldOf(text, textField(text, answer, "value"), field);
  };
}
