import { createSign } from "node:crypto";
import { isObject } from "#lib/shape.ts";
import { formPost } from "./form.ts";
import type { SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { ask, fieldOf, textField, unreadable } from "./rest.ts";
import type { SourceContext } from "./source.ts";
import { keepLease, type Lease } from "./token.ts";

// https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
const API = "https://secretmanager.googleapis.com/v1/";
// https://cloud.google.com/compute/docs/metadata/querying-metadata; by address, because a name could be led elsewhere.
const METADATA = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";
const TOKENS = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Hosts of Google's, which private networks may give private addresses. */
export const GCP_HOSTS = ["secretmanager.googleapis.com:443", "oauth2.googleapis.com:443"];

function leaseOf(what: string, answer: unknown): Lease<string> {
  const seconds = isObject(answer) && typeof answer["expires_in"] === "number" ? answer["expires_in"] : 0;
  return { value: textField(what, answer, "access_token"), until: Date.now() + seconds * 1000 };
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A signed claim to be this service account (https://developers.google.com/identity/protocols/oauth2/service-account). */
function assertion(email: string, privateKey: string): string {
  const now = Math.floor(Date.now() / 1000);
  const head = base64url({ alg: "RS256", typ: "JWT" });
  const claims = base64url({ iss: email, scope: SCOPE, aud: TOKENS, iat: now, exp: now + 3600 });
  return `${head}.${claims}.${createSign("RSA-SHA256").update(`${head}.${claims}`).sign(privateKey, "base64url")}`;
}

async function tokenOf({ client, environment, readFile }: SourceContext): Promise<Lease<string>> {
  const what = "Google's access token";
  const file = environment["GOOGLE_APPLICATION_CREDENTIALS"];
  if (file === undefined || file === "") {
    const answer = await ask(client, what, METADATA, { headers: { "metadata-flavor": "Google" } });
    return leaseOf(what, answer);
  }
  let credentials: unknown;
  try {
    credentials = JSON.parse(await readFile(file));
  } catch (error) {
    throw unreadable(what, "the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read", error);
  }
  const type = textField(what, credentials, "type");
  let form: Record<string, string>;
  if (type === "service_account") {
    const key = textField(what, credentials, "private_key");
    form = { grant_type: GRANT, assertion: assertion(textField(what, credentials, "client_email"), key) };
  } else if (type === "authorized_user") {
    form = { grant_type: "refresh_token" };
    for (const name of ["client_id", "client_secret", "refresh_token"]) form[name] = textField(what, credentials, name);
  } else {
    throw unreadable(what, `credentials of the type ${type} are not supported`);
  }
  return leaseOf(what, await ask(client, what, TOKENS, formPost(form)));
}

/** Google Secret Manager, as the machine's or a file's service account. */
export function createGcpSource(context: SourceContext) {
  const token = keepLease(() => tokenOf(context));
  return async ({ text, resource, field }: Extract<SecretReference, { kind: "gcp-sm" }>): Promise<string> => {
    const answer = await token.use((value) =>
      ask(context.client, text, `${API}${resource}:access`, { headers: { authorization: `Bearer ${value}` } }),
    );
    const secret = Buffer.from(textField(text, answer, "payload", "data"), "base64").toString("utf8");
    return fieldOf(text, secret, field);
  };
}
