import { hash } from "node:crypto";
import { type Role, ROLES } from "@slipway/contracts/permissions.ts";
import type { JsonObject } from "#lib/shape.ts";
import type { Grants, TokenIssuer } from "./issuer.ts";
import { TokenRefused } from "./refused.ts";

/** Whom a verified token stands for: what principals are made of. */
export interface VerifiedCaller {
  /** The issuer's name with us. */
  readonly issuer: string;
  readonly tenantId: string;
  /** The same for every token of this subject of this issuer, and told by nobody else: 22 characters. */
  readonly subject: string;
  readonly email: string | undefined;
  /** For people: the address, else the name, else the subject. */
  readonly displayName: string;
  /** What the token itself says. */
  readonly role: Role | undefined;
  /** What its issuer is declared to give to subjects of whom nothing else is known. */
  readonly fallbackRole: Role | undefined;
  /** Undefined: all that the role has. */
  readonly scopes: readonly string[] | undefined;
}

const MOST_SUBJECT_CHARACTERS = 255;
const MOST_NAME_CHARACTERS = 200;

/**
 * What the issuer's declaration makes of verified claims.
 * Throws {@link TokenRefused}: `claims` without a subject or what is required, `tenant` for a tenant that its issuer may not choose.
 */
export function callerOf(issuer: TokenIssuer, claims: JsonObject): VerifiedCaller {
  const { sub } = claims;
  if (typeof sub !== "string" || sub === "" || sub.length > MOST_SUBJECT_CHARACTERS) {
    throw new TokenRefused("claims", "The token names no subject (`sub`).");
  }
  const email = verifiedEmail(claims);
  assertRequired(issuer.grants.require, email);
  return {
    issuer: issuer.name,
    tenantId: tenantOf(issuer.grants.tenant, claims),
    subject: subjectOf(issuer, sub),
    email,
    displayName: nameOf(email, claims["name"], sub),
    role: roleOf(issuer.grants.role, claims),
    fallbackRole: issuer.grants.role.fallback,
    scopes: issuer.grants.scopes && scopesOf(issuer.grants.scopes, claims),
  };
}

/** A subject means something at its issuer only; two issuers may give the same one to different people. */
function subjectOf({ name, issuer }: TokenIssuer, sub: string): string {
  const digest = hash("sha256", JSON.stringify([issuer ?? name, sub]), "base64url");
  return digest.slice(0, 22);
}

/**
 * The first that is a name, as the database can hold it: JSON there takes neither U+0000 nor half a surrogate pair
 * (https://www.postgresql.org/docs/current/datatype-json.html).
 */
function nameOf(...candidates: readonly unknown[]): string {
  for (const candidate of candidates) {
    const name = text(candidate)?.replaceAll("\0", "").slice(0, MOST_NAME_CHARACTERS).toWellFormed();
    if (name) return name;
  }
  return "-";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whoever may write their address themselves could write somebody else's: only a verified one counts. */
function verifiedEmail({ email, email_verified: verified }: JsonObject): string | undefined {
  return verified === true ? text(email)?.toLowerCase() : undefined;
}

function assertRequired({ emails, emailDomains }: Grants["require"], email: string | undefined): void {
  if (emails === undefined && emailDomains === undefined) return;
  const domain = email?.slice(email.lastIndexOf("@") + 1);
  const listed = email !== undefined && emails?.includes(email);
  if (!listed && !(domain !== undefined && emailDomains?.includes(domain))) {
    throw new TokenRefused("claims", "The token carries no verified e-mail address that may call here.");
  }
}

function tenantOf(tenant: Grants["tenant"], claims: JsonObject): string {
  if ("fixed" in tenant) return tenant.fixed;
  const chosen = at(claims, tenant.claim);
  if (typeof chosen === "string" && tenant.allow.includes(chosen)) return chosen;
  throw new TokenRefused("tenant", `The token's claim \`${tenant.claim}\` names no tenant that its issuer may choose.`);
}

function roleOf({ claim, values }: Grants["role"], claims: JsonObject): Role | undefined {
  const said = claim === undefined ? [] : words(at(claims, claim));
  // Of several groups the one with the most rights counts: the order of the names is that of the rights.
  return ROLES.find((name) =>
    said.some((word) => (values ? Object.hasOwn(values, word) && values[word] === name : word === name)),
  );
}

function scopesOf(allow: readonly string[], claims: JsonObject): readonly string[] {
  const said = new Set([...words(claims["scope"]), ...words(claims["scp"])]);
  return allow.filter((scope) => said.has(scope));
}

/** A claim by its name, or by a path with dots where there is none of that name (`realm_access.roles`). */
function at(claims: JsonObject, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as JsonObject)[step];
  }
  return value;
}

const MOST_WORDS = 200;

function words(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(/[ ,]+/, MOST_WORDS);
  return Array.isArray(value) ? value.slice(0, MOST_WORDS).filter((word) => typeof word === "string") : [];
}
