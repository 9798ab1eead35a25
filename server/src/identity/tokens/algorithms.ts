/** Signature algorithms of RFC 7518 and RFC 8037 that a token may name. `none` is not among them and cannot be configured. */
export const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type AsymmetricAlgorithm = (typeof ASYMMETRIC)[number];

/** Algorithms of a shared secret, which a public key set never holds. */
export const SYMMETRIC = ["HS256", "HS384", "HS512"] as const;
export type SymmetricAlgorithm = (typeof SYMMETRIC)[number];

export type Algorithm = AsymmetricAlgorithm | SymmetricAlgorithm;

/** Bytes that a shared secret must have: those of the hash (RFC 7518, 3.2). */
export const SECRET_BYTES: Readonly<Record<SymmetricAlgorithm, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/** The algorithms that a key of this type and curve can verify, and no others. */
export function algorithmsOfKey(kty: unknown, crv: unknown): readonly AsymmetricAlgorithm[] {
  if (kty === "RSA") return ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
  if (kty === "OKP") return crv === "Ed25519" ? ["EdDSA"] : [];
  if (kty !== "EC") return [];
  if (crv === "P-256") return ["ES256"];
  if (crv === "P-384") return ["ES384"];
  return crv === "P-521" ? ["ES512"] : [];
}
