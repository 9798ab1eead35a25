import { createUserSchema, updateUserSchema, type User, type UserList } from "@slipway/contracts/api/users.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { assertMayGrant } from "#identity/grants.ts";
import { permissionsOfRole } from "#identity/permissions.ts";
import type { Principal } from "#identity/principal.ts";
import { newId } from "#lib/ids.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import type { StoredUser, UserChange, Users } from "#store/users.ts";
import { type App, type AppServices, auditOf, jsonBody, pathParam, principalOf } from "../../../app.ts";

function present(user: StoredUser): User {
  const { id, email, name, role } = user;
  return {
    id,
    email,
    name,
    role,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
    disabledAt: user.disabledAt?.toISOString() ?? null,
  };
}

function notFound(): SlipwayError {
  return new SlipwayError("not_found", "There is no such user.", { hint: "GET /api/v1/users lists them." });
}

/** `/api/v1/users`: the people of the caller's tenant. A change is in force here when the answer is sent, and everywhere within a second. */
export function registerUsers(
  app: App,
  services: AppServices,
  options: { readonly users: Users; readonly changes: ChangeFeed },
): void {
  const { users, changes } = options;
  const ids = { id: "user" };
  // Who may not grant a role may not have a hand in those who hold it either.
  const managed = async (principal: Principal, id: string): Promise<StoredUser> => {
    const user = await users.get(principal.tenantId, id);
    if (!user) throw notFound();
    assertMayGrant(principal, permissionsOfRole(user.role));
    return user;
  };
  app.post("/api/v1/users", { requires: "users:write", body: createUserSchema }, async (c) => {
    const principal = principalOf(c);
    const { email, name, role } = await jsonBody(c, createUserSchema);
    assertMayGrant(principal, permissionsOfRole(role));
    const user = await users.create(principal.tenantId, { id: newId("usr"), email, name, role });
    await changes.refresh();
    auditOf(c, services, principal, "user.create", user.id);
    return c.json(present(user), 201);
  });
  app.get("/api/v1/users", { requires: "users:read" }, async (c) => {
    const list: UserList = { users: (await users.list(principalOf(c).tenantId)).map(present) };
    return c.json(list);
  });
  app.get("/api/v1/users/:id", { requires: "users:read", ids }, async (c) => {
    const user = await users.get(principalOf(c).tenantId, pathParam(c, "id"));
    if (!user) throw notFound();
    return c.json(present(user));
  });
  app.patch("/api/v1/users/:id", { requires: "users:write", ids, body: updateUserSchema }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    const { name, role, disabled } = await jsonBody(c, updateUserSchema);
    await managed(principal, id);
    if (role !== undefined) assertMayGrant(principal, permissionsOfRole(role));
    const change: UserChange = {
      ...(name === undefined ? {} : { name }),
      ...(role === undefined ? {} : { role }),
      ...(disabled === undefined ? {} : { disabled }),
    };
    const user = await users.update(principal.tenantId, id, change);
    if (!user) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "user.update", id);
    return c.json(present(user));
  });
  app.delete("/api/v1/users/:id", { requires: "users:write", ids }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    await managed(principal, id);
    if (!(await users.remove(principal.tenantId, id))) throw notFound();
    await changes.refresh();
    auditOf(c, services, principal, "user.delete", id);
    return c.body(null, 204);
  });
}
