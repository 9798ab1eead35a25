import { open } from "node:fs/promises";
import type { Egress } from "#egress/egress.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import { AZURE_HOSTS, createAzureSource } from "./azure.ts";
import type { createAwsSource } from "./aws.ts";
import { AWS_HOSTS } from "./aws-hosts.ts";
import { createGcpSource, GCP_HOSTS } from "./gcp.ts";
import type { SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { unreadable } from "./rest.ts";
import { METADATA_HOSTS, type SourceContext } from "./source.ts";
import { createVaultSource } from "./vault.ts";

/** Reads secrets where they lie. */
export interface Secrets {
  /** The secret, from memory when it was read less than the time to live ago. Rejects with `secret_unavailable`. */
  read(reference: SecretReference): Promise<string>;
  /** The secret as it is now. */
  reread(reference: SecretReference): Promise<string>;
  close(): void;
}

/** What they are read with. */
export interface SecretsOptions {
  readonly egress: Egress;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long what was read is believed, in milliseconds. */
  readonly ttlMs: number;
}

const MOST_BYTES = 64 * 1024;
const MOST_KEPT = 1000;

/** The file's text, at most 64 KB of it. */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > MOST_BYTES) throw new RangeError("the file is too large");
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MOST_BYTES) throw new RangeError("the file is too large");
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function fromFile(text: string, path: string): Promise<string> {
  let found: string;
  try {
    found = await readSmallFile(path);
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw unreadable(text, code === "ENOENT" ? "there is no such file" : "the file cannot be read", error);
  }
  // Editors and `echo` end files with a line break, which is no part of a secret.
  return found.replace(/\r?\n$/, "");
}

/** Hosts that the operator's own variables name. */
function namedHosts(environment: SecretsOptions["environment"]): string[] {
  const names = [
    "VAULT_ADDR",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_STS",
    "IDENTITY_ENDPOINT",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  ];
  return names.flatMap((name) => {
    const text = environment[name];
    if (!text || !URL.canParse(text)) return [];
    const url = new URL(text);
    return url.hostname === "" ? [] : [`${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`];
  });
}

/**
 * Secrets by reference. Cloud services are asked through the egress client, which reaches metadata services for this purpose only.
 *
 * @example
 * const key = await secrets.read(parseReference("gcp-sm://projects/p/secrets/openai/versions/latest"));
 */
export function createSecrets({ egress, environment, ttlMs }: SecretsOptions): Secrets {
  const allow = [...METADATA_HOSTS, ...GCP_HOSTS, ...AWS_HOSTS, ...AZURE_HOSTS, ...namedHosts(environment)];
  const client = egress.client("secrets", { allow });
  const context: SourceContext = { client, environment, readFile: readSmallFile };
  const gcp = createGcpSource(context);
  const azure = createAzureSource(context);
  const vault = createVaultSource(context);
  // The signer is loaded by who needs it.
  let aws: ReturnType<typeof createAwsSource> | undefined;
  const kept = new BoundedMap<string, { readonly value: string; readonly at: number }>(MOST_KEPT);

  const fetchSecret = async (reference: SecretReference): Promise<string> => {
    switch (reference.kind) {
      case "env": {
        const value = environment[reference.name];
        if (value === undefined || value === "") throw unreadable(reference.text, "that variable is not set");
        return value;
      }
      case "file":
        return await fromFile(reference.text, reference.path);
      case "gcp-sm":
        return await gcp(reference);
      case "aws-sm":
        aws ??= (await import("./aws.ts")).createAwsSource(context);
        return await aws(reference);
      case "azure-kv":
        return await azure(reference);
      case "vault":
        return await vault(reference);
    }
  };
  const reread = async (reference: SecretReference): Promise<string> => {
    const value = await fetchSecret(reference);
    if (value.trim() === "") throw unreadable(reference.text, "it is empty");
    kept.set(reference.text, { value, at: Date.now() });
    return value;
  };
  return {
    async read(reference) {
      const found = kept.get(reference.text);
      return found && Date.now() - found.at < ttlMs ? found.value : await reread(reference);
    },
    reread,
    close: () => client.close(),
  };
}
