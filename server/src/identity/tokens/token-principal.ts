import { PERMISSIONS, type Role } from "@slipway/contracts/permissions.ts";
import { permissionSet } from "../permissions.ts";
import { createPrincipal, type Principal } from "../principal.ts";
import type { VerifiedCaller } from "./grants.ts";
import { TokenRefused } from "./refused.ts";

/** A user of a tenant, as the directory knows it. */
export interface KnownUser {
  readonly id: string;
  readonly role: Role;
  /** Locked out, whatever an issuer says. */
  readonly disabled: boolean;
}

/** Finds a user by a verified address; undefined when there is none. */
export type FindUser = (tenantId: string, email: string) => KnownUser | undefined;

/**
 * The principal of a verified caller: with the role that its token says, else the one that the user of this verified address has,
 * else what its issuer is declared to give. Throws {@link TokenRefused} (`claims`) when none of them says anything, and for a user who is disabled.
 */
export function principalOf(
  caller: VerifiedCaller,
  findUser: FindUser,
  proof: Pick<Principal, "via"> & { readonly sessionId?: string; readonly expiresAt: number },
): Principal {
  const user = caller.email === undefined ? undefined : findUser(caller.tenantId, caller.email);
  if (user?.disabled) throw new TokenRefused("claims", "The user with this address is disabled here.");
  const role = caller.role ?? user?.role ?? caller.fallbackRole;
  if (role === undefined)
    throw new TokenRefused("claims", "The token gives no role, and no user here has its address.");
  const scopes = caller.scopes && permissionSet(PERMISSIONS.filter((name) => caller.scopes?.includes(name)));
  return createPrincipal({
    tenantId: caller.tenantId,
    keyId: user ? `user:${user.id}` : `token:${caller.issuer}:${caller.subject}`,
    keyName: caller.displayName,
    userId: user?.id ?? null,
    role,
    scopes: scopes ?? null,
    ...proof,
  });
}
