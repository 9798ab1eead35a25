import type { Role } from "@slipway/contracts/permissions.ts";
import { type PermissionSet, permissionsOfRole } from "./permissions.ts";

/** How a caller proved itself: a key with the request, a console session, or a signed token of an issuer. */
export type ProvedBy = "key" | "session" | "token";

/** A verified caller. The tenant comes from here and from nowhere else. Made by {@link createPrincipal} alone. */
export interface Principal {
  readonly tenantId: string;
  /** What books and limits are kept by: the id of the API key; `user:<user id>` for a user that came without one. */
  readonly keyId: string;
  readonly keyName: string;
  readonly via: ProvedBy;
  /** The user whose key, session or token it is; null for a key that belongs to nobody. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly role: Role;
  /** What the role permits, less what the key's or token's scopes leave out. Checked with every request. */
  readonly permissions: PermissionSet;
  /** Milliseconds since the epoch from which on the proof is worth nothing; `Infinity` when it does not end. */
  readonly expiresAt: number;
}

/** What a principal is made of. */
export interface PrincipalParts {
  readonly tenantId: string;
  readonly keyId: string;
  readonly keyName: string;
  readonly via: ProvedBy;
  readonly userId?: string | null;
  readonly sessionId?: string | null;
  readonly role: Role;
  /** Narrows what the role permits, and never widens it; absent: all that the role permits. */
  readonly scopes?: PermissionSet | null;
  /** What is permitted beside the role: the environment's key alone has any. */
  readonly beside?: PermissionSet;
  readonly expiresAt?: number;
}

/** A principal with its permissions worked out. All have one shape, because every request reads them. */
export function createPrincipal(parts: PrincipalParts): Principal {
  const { tenantId, keyId, keyName, via, userId = null, sessionId = null, role, scopes, beside = 0 } = parts;
  const { expiresAt = Infinity } = parts;
  const permissions = (permissionsOfRole(role) | beside) & (scopes ?? -1);
  return { tenantId, keyId, keyName, via, userId, sessionId, role, permissions, expiresAt };
}

/** True when the caller is worth what a key is: it sent the key, or opened its session by it. Whoever came without one has a colon in its id. */
export function cameByKey({ via, keyId }: Principal): boolean {
  return via === "key" || (via === "session" && !keyId.includes(":"));
}

/** The caller as audit records name it. */
export function actorOf(principal: Principal): string {
  return `${principal.via}:${principal.keyId}`;
}
