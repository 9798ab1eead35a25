import { SlipwayError } from "@slipway/contracts/errors.ts";
import { permissionNames, type PermissionSet, permissionsOfRole, permissionSet } from "./permissions.ts";
import { cameByKey, type Principal } from "./principal.ts";

const MANAGE_USERS = permissionSet(["users:write"]);

/** Throws `forbidden` when the caller would give, change or take away permissions that it does not have itself. */
export function assertMayGrant(caller: Principal, granted: PermissionSet): void {
  const missing = granted & ~caller.permissions;
  if (missing === 0) return;
  throw new SlipwayError(
    "forbidden",
    `Nobody grants, changes or takes away more than they hold; the caller lacks ${permissionNames(missing).join(", ")}.`,
    { hint: "Choose a smaller role or scopes, or ask an owner of the tenant." },
  );
}

/** What a key of this role and these scopes permits at most. */
export function permissionsOfGrant(
  role: Parameters<typeof permissionsOfRole>[0],
  scopes: PermissionSet | null,
): PermissionSet {
  return permissionsOfRole(role) & (scopes ?? -1);
}

/** True when the caller may have a hand in what this user owns: its own things, nobody's, or anybody's with `users:write`. */
export function mayManageFor(caller: Principal, userId: string | null): boolean {
  return userId === null || userId === caller.userId || (caller.permissions & MANAGE_USERS) !== 0;
}

/** Throws `forbidden` unless {@link mayManageFor}. */
export function assertMayManageFor(caller: Principal, userId: string | null): void {
  if (mayManageFor(caller, userId)) return;
  throw new SlipwayError("forbidden", "This belongs to another user; that takes the permission users:write.");
}

/** Throws `forbidden` when a key would outlive the key that makes or rotates it: what ends on a day must not prolong itself. */
export function assertEndsWith(caller: Principal, expiresAt: Date | null): void {
  if (!cameByKey(caller) || caller.expiresAt === Infinity) return;
  if (expiresAt !== null && expiresAt.getTime() <= caller.expiresAt) return;
  throw new SlipwayError("forbidden", "A key that expires makes and rotates no key that outlives it.", {
    param: "expiresAt",
    hint: `Let it expire by ${new Date(caller.expiresAt).toISOString()}.`,
  });
}
