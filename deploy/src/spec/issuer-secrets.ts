import type { YamlPath } from "@slipway/contracts/spec/read-yaml.ts";
import { secretPlace } from "@slipway/contracts/spec/secret.ts";
import type { SlipwayYaml } from "@slipway/contracts/spec/slipway-yaml.ts";
import type { Secret } from "./spec.ts";

type Identity = SlipwayYaml["identity"];

const VARIABLE = /^env:/;

/** Where the file says the secret of an issuer's client. */
export function clientSecretPath(index: number): YamlPath {
  return ["identity", "issuers", index, "signIn", "clientSecret"];
}

/** What an issuer's client secret says by itself, where it is not a variable already. */
export function directReferences({ issuers }: Identity): readonly { readonly index: number; readonly text: string }[] {
  return issuers.flatMap(({ signIn }, index) =>
    signIn?.clientSecret === undefined || VARIABLE.test(signIn.clientSecret)
      ? []
      : [{ index, text: signIn.clientSecret }],
  );
}

/**
 * Clients' secrets that lie elsewhere, each as the secret of a variable, and the section with these variables in their place: so every
 * platform hands them over, and lets read them, as it does with the others. One that cannot be handed over stays as it is.
 */
export function liftClientSecrets(identity: Identity): {
  readonly identity: Identity;
  readonly secrets: readonly Secret[];
} {
  const lifted = new Map<number, Secret>();
  for (const { index, text } of directReferences(identity)) {
    const place = secretPlace(text);
    const name = identity.issuers[index]?.name ?? "";
    const variable = `ISSUER_${name.toUpperCase().replaceAll("-", "_")}_CLIENT_SECRET`;
    if (place !== undefined) lifted.set(index, { variable, reference: text, place, path: clientSecretPath(index) });
  }
  const issuers = identity.issuers.map((issuer, index) => {
    const secret = lifted.get(index);
    if (secret === undefined || issuer.signIn === undefined) return issuer;
    return { ...issuer, signIn: { ...issuer.signIn, clientSecret: `env:${secret.variable}` } };
  });
  return { identity: { ...identity, issuers }, secrets: [...lifted.values()] };
}

/** The variables that issuers read their clients' secrets from: the server takes a reference in them. */
export function clientSecretVariables({ issuers }: Identity): ReadonlySet<string> {
  return new Set(
    issuers.flatMap(({ signIn }) => {
      const text = signIn?.clientSecret ?? "";
      return VARIABLE.test(text) ? [text.replace(VARIABLE, "")] : [];
    }),
  );
}
