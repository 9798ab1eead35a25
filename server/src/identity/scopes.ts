import { PERMISSIONS, type Permission } from "@slipway/contracts/permissions.ts";
import { type PermissionSet, permissionSet } from "./permissions.ts";

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS);

/** Stored names of permissions as a set. A name that this version does not know permits nothing; null, which narrows nothing, stays null. */
export function scopesOf(names: readonly string[] | null): PermissionSet | null {
  return names && permissionSet(names.filter((name): name is Permission => KNOWN.has(name)));
}
