import type { Caller } from "@slipway/contracts/api/users.ts";
import { permissionNames } from "#identity/permissions.ts";
import { type App, principalOf } from "../../../app.ts";

/** `GET /api/v1/me`: who the caller is and what it is permitted. */
export function registerMe(app: App): void {
  app.get("/api/v1/me", { requires: "authenticated" }, (c) => {
    const { tenantId, keyId, userId, role, permissions, expiresAt } = principalOf(c);
    const caller: Caller = {
      tenantId,
      keyId,
      userId,
      role,
      permissions: [...permissionNames(permissions)],
      expiresAt: expiresAt === Infinity ? null : new Date(expiresAt).toISOString(),
    };
    c.header("cache-control", "no-store");
    return c.json(caller);
  });
}
