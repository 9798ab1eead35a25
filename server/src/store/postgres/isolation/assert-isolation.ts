import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { DatabaseConnection } from "../../connection.ts";
import { withClient } from "../client.ts";
import { isolationProblems } from "./problems.ts";

/** How to make a login that keeps tenants apart. Run as the owner of the tables or as an administrator, after the migrations. */
const LOGIN_HINT =
  "Make a login that owns nothing and give it to DATABASE_URL, keeping the owner for MIGRATION_DATABASE_URL: " +
  "create role slipway_server login noinherit nosuperuser nobypassrls nocreaterole password '…'; " +
  "grant slipway_app, slipway_directory to slipway_server;";

/**
 * Refuses a database on which the server could see more than one tenant at a time: the login is a superuser, bypasses row level
 * security, owns a table, or can become such a role; a tenant table lacks its forced policy; or our own roles have such powers.
 * Throws `database_unsafe` with every reason and the statements that make a right login, `database_unavailable` when the
 * database does not answer. On the embedded database, where the session is the superuser, it holds for the roles that the
 * server takes on: there row level security is a second line of defence and not a wall. `scope` `roles` leaves the tables out, which
 * are half made while migrations are pending.
 */
export async function assertIsolation(
  connection: DatabaseConnection,
  options: { readonly timeoutMs?: number; readonly scope?: "all" | "roles" } = {},
): Promise<void> {
  const problems = await withClient(connection, options.timeoutMs ?? 5000, (query) =>
    isolationProblems(query, connection.engine, options.scope),
  );
  if (problems.length > 0) {
    throw new SlipwayError(
      "database_unsafe",
      `Tenants would not be kept apart in this database: ${problems.join(" ")}`,
      {
        hint: LOGIN_HINT,
      },
    );
  }
}
