import type { IssuerSpec } from "@slipway/contracts/spec/identity.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import { parseReference, type SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import type { ClientSecret } from "#identity/tokens/issuer.ts";
import type { IdentitySettings } from "./identity.ts";
import { isReference } from "./secret-variables.ts";
import type { OpenSecrets } from "./secrets.ts";

/** The clients' secrets of the issuers that a file declares. */
export interface IssuerSecrets {
  /** In the order of the issuers; undefined for a public client, and for one that is among the problems. */
  readonly clientSecrets: readonly (ClientSecret | undefined)[];
  /** What leads nowhere or cannot be read; paths begin below `identity`. */
  readonly problems: readonly YamlProblem[];
  /** What keeps them fresh: what was given, or made when the first of them was read. */
  readonly secrets: OpenSecrets | undefined;
}

/** At once: services of clouds are asked over a way out that lets few requests through at a time. */
const AT_ONCE = 4;

/** A variable may lead on: where a platform hands secrets over as files, each variable says which one. */
function ofVariable(name: string, settings: IdentitySettings): ClientSecret | SecretReference {
  const held = settings.held(name);
  if (held !== undefined) return held;
  const text = settings.variable(name);
  if (text === undefined) throw new RangeError(`leads nowhere: the variable ${name} is not set`);
  if (!isReference(text)) return { value: text };
  try {
    return parseReference(text);
  } catch (error) {
    throw new RangeError(`leads to the variable ${name}, which ${error instanceof Error ? error.message : "is wrong"}`);
  }
}

/**
 * Reads the secrets of all clients, each from where its reference leads, and has them kept fresh. Never rejects: what could not be read
 * is a problem with its place in the file.
 */
export async function openIssuerSecrets(
  specs: readonly IssuerSpec[],
  settings: IdentitySettings,
  given: OpenSecrets | undefined,
): Promise<IssuerSecrets> {
  const clientSecrets: (ClientSecret | undefined)[] = specs.map(() => undefined);
  const problems: YamlProblem[] = [];
  let opening: Promise<OpenSecrets> | undefined;
  const take = async (index: number, { name, signIn }: IssuerSpec): Promise<void> => {
    if (signIn?.clientSecret === undefined) return;
    try {
      const reference = parseReference(signIn.clientSecret);
      const found = reference.kind === "env" ? ofVariable(reference.name, settings) : reference;
      if ("kind" in found) {
        opening ??= given ? Promise.resolve(given) : settings.openSecrets();
        clientSecrets[index] = await (await opening).open(`the client secret of the issuer ${name}`, found);
      } else clientSecrets[index] = found;
    } catch (error) {
      const message =
        error instanceof RangeError
          ? error.message
          : `cannot be read: ${error instanceof Error ? error.message : "it failed"}`;
      problems.push({ path: ["issuers", index, "signIn", "clientSecret"], message });
    }
  };
  const rest = specs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, spec] of rest) await take(index, spec);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { clientSecrets, problems, secrets: (await opening) ?? given };
}
