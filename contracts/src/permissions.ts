/**
 * Everything that a caller may be permitted to do, as `resource:verb`. The place in this list is the permission's bit: a new one is
 * added at the end, none is renamed. At most 31, so that a set is one small integer.
 */
export const PERMISSIONS = [
  "models:invoke",
  "models:read",
  "responses:read",
  "responses:write",
  "agents:read",
  "agents:write",
  "agents:run",
  "runs:read",
  "threads:read",
  "threads:write",
  "usage:read",
  "routes:read",
  "routes:write",
  "limits:read",
  "limits:write",
  "keys:read",
  "keys:write",
  "users:read",
  "users:write",
  "audit:read",
  "audit:write",
  "secrets:read",
  "secrets:write",
  "tenants:read",
  "tenants:write",
] as const;

/** What a route may require and a key may be narrowed to. */
export type Permission = (typeof PERMISSIONS)[number];

/** The roles that a user or a key can have in its tenant. */
export const ROLES = ["owner", "admin", "developer", "viewer", "auditor"] as const;
export type Role = (typeof ROLES)[number];

// Making tenants belongs to whoever runs the installation (the environment's key) and to no role in a tenant.
const OF_INSTALLATION: readonly Permission[] = ["tenants:read", "tenants:write"];
const owner = PERMISSIONS.filter((permission) => !OF_INSTALLATION.includes(permission));
// What is recorded about everyone is decided by the owner alone.
const admin = owner.filter((permission) => permission !== "audit:write");

/** What each role is permitted. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner,
  admin,
  developer: [
    "models:invoke",
    "models:read",
    "responses:read",
    "responses:write",
    "agents:read",
    "agents:write",
    "agents:run",
    "runs:read",
    "threads:read",
    "threads:write",
    "usage:read",
    "routes:read",
    "routes:write",
    "limits:read",
    "keys:read",
    "keys:write",
  ],
  viewer: [
    "models:read",
    "responses:read",
    "agents:read",
    "runs:read",
    "threads:read",
    "usage:read",
    "routes:read",
    "limits:read",
  ],
  // Sees who did what and what it cost, and no content of anybody's.
  auditor: [
    "models:read",
    "agents:read",
    "usage:read",
    "routes:read",
    "limits:read",
    "keys:read",
    "users:read",
    "audit:read",
  ],
};
