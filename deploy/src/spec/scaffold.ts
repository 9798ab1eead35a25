import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { resolveEnvironment } from "./resolve.ts";

/** What a new file is made from. */
export interface Answers {
  readonly name: string;
  readonly target: "kubernetes" | "compose";
  readonly provider: "gke" | "eks" | "aks" | "generic";
  /** Undefined: private. */
  readonly host: string | undefined;
  readonly image: string;
}

/** Where secrets lie, by whose cluster it is. */
const SECRETS: Readonly<Record<Answers["provider"], (name: string, secret: string) => string>> = {
  gke: (name, secret) => `gcp-sm://projects/${name}/secrets/${secret}/versions/1`,
  eks: (name, secret) => `aws-sm://eu-central-1/${name}/${secret}`,
  aks: (name, secret) => `azure-kv://${name}/${secret}`,
  generic: (name, secret) => `aws-sm://eu-central-1/${name}/${secret}`,
};

const VARIABLES = ["DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "ENCRYPTION_KEY", "OPENAI_API_KEY"];

/** A new `slipway.yaml`. It was read and put together before it is given away: throws `config_invalid` when an answer does not fit. */
export function scaffold(answers: Answers): string {
  const text = write(answers);
  const read = readSlipwayYaml(text, "slipway.yaml");
  for (const name of Object.keys(read.spec.environments ?? {})) resolveEnvironment(read, name);
  return text;
}

function write({ name, target, provider, host, image }: Answers): string {
  const access = host === undefined ? "{ kind: private }" : `{ kind: public, hosts: [${host}] }`;
  const secrets = VARIABLES.map(
    (variable) => `  ${variable}: ${SECRETS[provider](name, variable.toLowerCase().replaceAll("_", "-"))}`,
  );
  const networks =
    provider === "eks" || provider === "aks"
      ? "\n      gateway: { networks: [10.0.0.0/16] } # the balancer's subnets"
      : "";
  const production =
    target === "compose"
      ? "    target: compose"
      : `    target: kubernetes\n    cluster:\n      provider: ${provider}\n      name: ${name}${networks}`;
  return `# What runs and where: docs/reference/slipway-yaml.md explains every field.
name: ${name}
images:
  # The pipeline adds the digest: slipway render --digest sha256:…
  app: ${image}

services:
  ${name}:
    roles: [router, memory, agents, worker, console]
    cpu: 1
    memory: 1Gi
    scale: { min: 2, max: 4 }
    access: ${access}

data:
  postgres: { version: "17" }
  redis: {}

# Where each secret lies; never the secret itself. Compose reads them from files instead.
secrets:
${secrets.join("\n")}

environments:
  development:
    target: compose
    overrides:
      services:
        ${name}: { scale: { min: 1, max: 1 } }
  production:
${production}
    approvals: { required: 1 }
`;
}
