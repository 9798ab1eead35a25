import { isObject } from "#lib/shape.ts";
import type { SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { ask, textField, unreadable } from "./rest.ts";
import type { SourceContext } from "./source.ts";
import { keepLease, type Lease } from "./token.ts";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const WHAT = "Vault's token";
/** A token of a file may be replaced by an agent beside the server. */
const FILE_MS = 120_000;

function addressOf({ environment }: SourceContext): string {
  const address = environment["VAULT_ADDR"];
  if (address === undefined || !URL.canParse(address)) throw unreadable("Vault", "VAULT_ADDR is missing or no URL");
  return address.replace(/\/+$/, "");
}

function namespaceOf({ environment }: SourceContext): Record<string, string> {
  const namespace = environment["VAULT_NAMESPACE"];
  return namespace ? { "x-vault-namespace": namespace } : {};
}

async function tokenOf(context: SourceContext): Promise<Lease<string>> {
  const { client, environment, readFile } = context;
  const { VAULT_TOKEN: token, VAULT_TOKEN_FILE: file, VAULT_ROLE: role } = environment;
  if (token) return { value: token, until: Number.POSITIVE_INFINITY };
  const read = (path: string): Promise<string> =>
    readFile(path).then(
      (text) => text.trim(),
      (error: unknown) => {
        throw unreadable(WHAT, `${path} cannot be read`, error);
      },
    );
  if (file) return { value: await read(file), until: Date.now() + FILE_MS };
  if (!role) throw unreadable(WHAT, "neither VAULT_TOKEN, VAULT_TOKEN_FILE nor VAULT_ROLE is set");
  // https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login
  const jwt = await read(environment["VAULT_JWT_FILE"] ?? SERVICE_ACCOUNT);
  const url = `${addressOf(context)}/v1/auth/${environment["VAULT_AUTH_MOUNT"] ?? "kubernetes"}/login`;
  const headers = { ...namespaceOf(context), "content-type": "application/json" };
  const answer = await ask(client, WHAT, url, { method: "POST", headers, body: JSON.stringify({ role, jwt }) });
  const auth = isObject(answer) && isObject(answer["auth"]) ? answer["auth"] : {};
  const seconds = typeof auth["lease_duration"] === "number" ? auth["lease_duration"] : 0;
  return { value: textField(WHAT, auth, "client_token"), until: Date.now() + seconds * 1000 };
}

/** HashiCorp Vault, or OpenBao, engine KV version 2 (https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version). */
export function createVaultSource(context: SourceContext) {
  const token = keepLease(() => tokenOf(context));
  return async ({ text, mount, path, field }: Extract<SecretReference, { kind: "vault" }>): Promise<string> => {
    const steps = path.split("/").map(encodeURIComponent).join("/");
    const url = `${addressOf(context)}/v1/${mount}/data/${steps}`;
    const answer = await token.use((value) => {
      const headers = { ...namespaceOf(context), "x-vault-request": "true", "x-vault-token": value };
      return ask(context.client, text, url, { headers });
    });
    return textField(text, answer, "data", "data", field);
  };
}
