import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Config } from "#config/config.ts";
import { readConfigFile } from "#config/config-file.ts";
import { openIssuerSecrets } from "#config/issuer-secrets.ts";
import { issuersOf } from "#config/issuers.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import type { TokenIssuer } from "#identity/tokens/issuer.ts";

/** Issuers, and what keeps the secrets of their clients fresh. */
export interface DeclaredIssuers {
  readonly issuers: readonly TokenIssuer[];
  readonly secrets: OpenSecrets | undefined;
}

/**
 * Every issuer of the environment and of `slipway.yaml`. Rejects with `config_invalid` when the file declares one wrongly, or the
 * secret of its client cannot be read. `given` reads the secrets of variables; without it, one is made where the file names a secret.
 */
export async function declaredIssuers(config: Config, given: OpenSecrets | undefined): Promise<DeclaredIssuers> {
  const found = await readConfigFile(config.file);
  const specs = found?.read.spec.identity.issuers ?? [];
  const { clientSecrets, secrets, problems: unread } = await openIssuerSecrets(specs, config.identity, given);
  const { issuers, problems: wrong } = issuersOf(specs, config.identity, clientSecrets);
  const problems = [...wrong, ...unread];
  const end = (error: SlipwayError): never => {
    if (secrets !== given) secrets?.close();
    throw error;
  };
  if (found && problems.length > 0)
    end(found.read.error(problems.map((problem) => ({ ...problem, path: ["identity", ...problem.path] }))));
  const signIn = issuers.find((issuer) => issuer.signIn);
  if (signIn && config.environment === "production" && config.edge.publicOrigins.length === 0) {
    end(
      new SlipwayError(
        "config_invalid",
        `PUBLIC_URL is missing: people sign in at \`${signIn.name}\` and must be led back.`,
        { hint: "Set it to the address of this server, such as https://slipway.example.com." },
      ),
    );
  }
  return { issuers, secrets };
}
