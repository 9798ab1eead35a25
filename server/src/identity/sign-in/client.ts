import * as openid from "openid-client";
import type { IssuerMetadata } from "../tokens/issuer-keys.ts";
import type { SignInSettings } from "../tokens/issuer.ts";
import type { FetchLike } from "#egress/as-fetch.ts";

const TIMEOUT_SECONDS = 10;

// By default openid-client speaks https only; the settings allow an issuer on this machine without it, for development.
const plainHttp: { readonly allowInsecureRequests: (configuration: openid.Configuration) => void } = openid;

/** The client at its issuer, as openid-client knows it. */
export function createClient(
  metadata: IssuerMetadata,
  settings: SignInSettings,
  fetch: FetchLike,
): openid.Configuration {
  const { clientId } = settings;
  // White space around it is no part of it, as in a variable.
  const clientSecret = settings.clientSecret?.value.trim();
  const configuration = new openid.Configuration(
    metadata as openid.ServerMetadata,
    clientId,
    clientSecret,
    authentication(metadata, clientSecret),
  );
  configuration[openid.customFetch] = fetch;
  configuration.timeout = TIMEOUT_SECONDS;
  if (metadata.issuer.startsWith("http:")) plainHttp.allowInsecureRequests(configuration);
  return configuration;
}

// `client_secret_basic` where the metadata says nothing (OpenID Connect Discovery 1.0, 3).
function authentication(metadata: IssuerMetadata, secret: string | undefined): openid.ClientAuth {
  if (secret === undefined) return openid.None();
  const methods = metadata["token_endpoint_auth_methods_supported"];
  const basic = !Array.isArray(methods) || methods.includes("client_secret_basic");
  return basic ? openid.ClientSecretBasic(secret) : openid.ClientSecretPost(secret);
}
