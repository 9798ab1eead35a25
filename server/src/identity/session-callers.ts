import { PERMISSIONS, ROLES, type Role } from "@slipway/contracts/permissions.ts";
import { isObject } from "#lib/shape.ts";
import type { DirectorySession } from "#store/directory.ts";
import type { KeySnapshot } from "./key-snapshot.ts";
import { permissionSet, permissionsOfRole } from "./permissions.ts";
import { createPrincipal, type Principal } from "./principal.ts";
import type { SessionCallers } from "./sessions.ts";

/** The user as it is now; undefined when it may no longer work. */
export type FindUserById = (tenantId: string, userId: string) => { readonly role: Role } | undefined;

/**
 * Sessions that a key opened are worth what the key is worth now, and end with the secret that opened them: a rotated one after its
 * overlap, that of the environment when it gives another. Those that an issuer opened have what the sign-in gave; a role that was
 * the user's own, and being let in, are those of the user now.
 */
export function createSessionCallers(options: {
  readonly keys: Pick<KeySnapshot, "byMark" | "markOf">;
  readonly userById: FindUserById;
}): SessionCallers {
  const { keys, userById } = options;
  return {
    write(principal) {
      const { tenantId, via, keyName, userId, role, permissions } = principal;
      if (via === "key") return { by: "key", mark: keys.markOf(principal) ?? null };
      // Only what a sign-in's scopes left out of the role is held on to; the role itself may change.
      const narrowed = permissions !== permissionsOfRole(role);
      const scopes = narrowed ? PERMISSIONS.filter((one) => (permissions & permissionSet([one])) !== 0) : null;
      // A role that the token's claim gave stands over the user's own, as it does for the token itself.
      const claimed = userId !== null && userById(tenantId, userId)?.role !== role;
      return { by: "issuer", name: keyName, userId, role, scopes, ...(claimed ? { claimed } : {}) };
    },
    read(session) {
      const { caller } = session;
      if (!isObject(caller)) return undefined;
      return caller["by"] === "key" ? ofKey(session, caller["mark"]) : ofIssuer(session, caller);
    },
  };

  function ofKey({ tenantId, owner, id }: DirectorySession, mark: unknown): Principal | undefined {
    const principal = typeof mark === "string" ? keys.byMark(tenantId, owner, mark) : undefined;
    return principal && { ...principal, via: "session", sessionId: id };
  }

  function ofIssuer(session: DirectorySession, caller: Readonly<Record<string, unknown>>): Principal | undefined {
    const { name, userId, scopes, claimed } = caller;
    const user = typeof userId === "string" ? userById(session.tenantId, userId) : undefined;
    if (userId !== null && !user) return undefined;
    const role = user && claimed !== true ? user.role : ROLES.find((known) => known === caller["role"]);
    if (role === undefined || typeof name !== "string" || (scopes !== null && !Array.isArray(scopes))) return undefined;
    return createPrincipal({
      tenantId: session.tenantId,
      keyId: session.owner,
      keyName: name,
      via: "session",
      userId: typeof userId === "string" ? userId : null,
      sessionId: session.id,
      role,
      scopes: scopes && permissionSet(PERMISSIONS.filter((permission) => scopes.includes(permission))),
      expiresAt: session.expiresAt.getTime(),
    });
  }
}
