import { asFetch } from "#egress/as-fetch.ts";
import type { Egress } from "#egress/egress.ts";
import type { TokenIssuer } from "#identity/tokens/issuer.ts";
import type { FetchLike } from "#egress/as-fetch.ts";

/** The hosts that the operator has named for an issuer: they may stand in a private network. What its documents name besides may not. */
function hostsOf({ issuer, keys }: TokenIssuer): readonly string[] {
  const urls = [issuer, "jwksUrl" in keys ? keys.jwksUrl : undefined];
  return urls.flatMap((url) => (url !== undefined && URL.canParse(url) ? [new URL(url).host] : []));
}

/** The way out to each issuer. */
export function outgoingToIssuers(egress: Egress): (issuer: TokenIssuer) => FetchLike {
  return (issuer) => asFetch(egress.client("oidc", { allow: hostsOf(issuer) }));
}
