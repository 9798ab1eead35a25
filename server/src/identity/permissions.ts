import { SlipwayError } from "@slipway/contracts/errors.ts";
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS, type Role } from "@slipway/contracts/permissions.ts";

/** A set of permissions, one bit each: asked for with every request, so it is one small integer. */
export type PermissionSet = number;

const MOST_PERMISSIONS = 31;

/** Nothing at all. */
export const NO_PERMISSIONS: PermissionSet = 0;

const BITS: ReadonlyMap<Permission, PermissionSet> = new Map(
  PERMISSIONS.map((permission, at) => {
    if (at >= MOST_PERMISSIONS) throw new RangeError(`There are more than ${MOST_PERMISSIONS} permissions.`);
    return [permission, 1 << at];
  }),
);

/** The set of these permissions. */
export function permissionSet(permissions: Iterable<Permission>): PermissionSet {
  let set = NO_PERMISSIONS;
  for (const permission of permissions) set |= BITS.get(permission) ?? 0;
  return set;
}

/** Every permission there is, those of the installation too. */
export const ALL_PERMISSIONS = permissionSet(PERMISSIONS);

const OF_ROLES = Object.fromEntries(
  Object.entries(ROLE_PERMISSIONS).map(([role, permissions]) => [role, permissionSet(permissions)]),
) as Readonly<Record<Role, PermissionSet>>;

/** What a role permits. */
export function permissionsOfRole(role: Role): PermissionSet {
  return OF_ROLES[role];
}

/** The permissions of a set by their names, in their order. */
export function permissionNames(set: PermissionSet): readonly Permission[] {
  return PERMISSIONS.filter((_, at) => (set & (1 << at)) !== 0);
}

/** Throws `forbidden`, naming what is missing, when the caller lacks one of these permissions. */
export function assertPermitted(principal: { readonly permissions: PermissionSet }, wanted: PermissionSet): void {
  if ((principal.permissions & wanted) === wanted) return;
  const missing = permissionNames(wanted & ~principal.permissions).join(", ");
  throw new SlipwayError("forbidden", `This takes the permission ${missing}, which the caller does not have.`, {
    hint: "Ask an owner or admin of the tenant for a key or a role that has it.",
  });
}
