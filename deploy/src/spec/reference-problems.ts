import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import { SECRET_VARIABLES } from "@slipway/contracts/spec/secret-variables.ts";
import { clientSecretVariables } from "./issuer-secrets.ts";
import type { Spec } from "./spec.ts";

/** Platforms whose services get every secret as a reference, a file's or the store's, which the server itself follows. */
const BY_REFERENCE: Readonly<Partial<Record<TargetName, string>>> = { compose: "as a file", lambda: "as a reference" };

/** Variables that may hold a reference: of any other its text would be taken for the secret. */
export function readByReference({ identity }: Pick<Spec, "identity">): ReadonlySet<string> {
  return new Set<string>([...SECRET_VARIABLES, ...clientSecretVariables(identity)]);
}

/** Secrets of services that the server would take for what they only name. */
export function referenceProblems(spec: Spec): readonly YamlProblem[] {
  const { environment, environmentName, secrets, services } = spec;
  const how = BY_REFERENCE[environment.target];
  if (how === undefined || environmentName === undefined) return [];
  const read = readByReference(spec);
  return secrets
    .filter(({ variable }) => !read.has(variable) && services.some((service) => service.secrets.includes(variable)))
    .map(({ variable, path }) => ({
      path,
      message: `comes ${how} on ${environment.target}, and nothing reads ${variable} so: name the others in \`services.NAME.secrets\` there`,
      ofKey: true,
    }));
}
