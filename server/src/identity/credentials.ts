/** The request headers that say who is calling, as Node gives them. */
export interface CredentialHeaders {
  readonly authorization?: string | string[] | undefined;
  readonly "x-api-key"?: string | string[] | undefined;
  readonly "x-goog-api-key"?: string | string[] | undefined;
  readonly cookie?: string | string[] | undefined;
}

/** The key or token that the headers carry. */
export function presentedKey(headers: CredentialHeaders): string | undefined {
  const authorization = headers.authorization;
  if (
    typeof authorization === "string" &&
    authorization.length > 7 &&
    authorization.slice(0, 7).toLowerCase() === "bearer "
  ) {
    return authorization.slice(7).trim();
  }
  // Each vendor's client sends the key in the header of its own API.
  const header = headers["x-api-key"] ?? headers["x-goog-api-key"];
  return typeof header === "string" && header !== "" ? header : undefined;
}

/** True for text that can only be a JSON Web Token: `{"` in base64url begins it. Keys of ours begin otherwise. */
export function looksLikeToken(key: string): boolean {
  return key.startsWith("eyJ") && key.includes(".");
}
