import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Config } from "#config/config.ts";
import { readConfigFile } from "#config/config-file.ts";
import { issuersOf } from "#config/issuers.ts";
import type { TokenIssuer } from "#identity/tokens/issuer.ts";

/** Every issuer of the environment and of `slipway.yaml`. Rejects with `config_invalid` when the file declares one wrongly. */
export async function declaredIssuers(config: Config): Promise<readonly TokenIssuer[]> {
  const found = await readConfigFile(config.file);
  const { issuers, problems } = issuersOf(found?.read.spec.identity.issuers ?? [], config.identity);
  if (found && problems.length > 0) {
    throw found.read.error(problems.map((problem) => ({ ...problem, path: ["identity", ...problem.path] })));
  }
  const signIn = issuers.find((issuer) => issuer.signIn);
  if (signIn && config.environment === "production" && config.edge.publicOrigins.length === 0) {
    throw new SlipwayError(
      "config_invalid",
      `PUBLIC_URL is missing: people sign in at \`${signIn.name}\` and must be led back.`,
      {
        hint: "Set it to the address of this server, such as https://slipway.example.com.",
      },
    );
  }
  return issuers;
}
