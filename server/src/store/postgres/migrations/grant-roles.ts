import pg from "pg";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/** `WITH INHERIT` came with PostgreSQL 16 (https://www.postgresql.org/docs/16/release-16.html). */
const INHERIT_OPTION_SINCE = 160_000;

/**
 * Lets a login take on the server's two roles. From PostgreSQL 16 on it does not inherit them; before, whether it does is a
 * property of the login, and the policies see to it that inheriting is worth nothing.
 */
export async function grantRoles(client: pg.Client, login: string): Promise<void> {
  const { rows } = await client.query<{ version: number; found: boolean }>(
    "select current_setting('server_version_num')::int as version, exists (select from pg_catalog.pg_roles where rolname = $1) as found",
    [login],
  );
  const [facts] = rows;
  const quoted = pg.escapeIdentifier(login);
  if (!facts?.found) {
    throw new SlipwayError("migration_failed", `There is no login ${login} to grant the server's roles to.`, {
      hint: `Make it first: create role ${quoted} login noinherit nosuperuser nobypassrls nocreaterole password '…';`,
    });
  }
  const options = facts.version >= INHERIT_OPTION_SINCE ? " with inherit false, set true" : "";
  await client.query(`grant slipway_app, slipway_directory to ${quoted}${options}`);
}
