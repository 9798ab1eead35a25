import type { ClientConfig } from "pg";

/** Where the database is. The server speaks the PostgreSQL protocol to either. */
export type DatabaseConnection =
  | {
      readonly engine: "postgresql";
      /** `postgresql://user:password@host:port/database?sslmode=…`, as libpq takes it. */
      readonly url: string;
    }
  | {
      /** PGlite in a child process, started by `startEmbeddedDatabase`. Everyone is its superuser. */
      readonly engine: "embedded";
      /** The folder with its unix socket. */
      readonly socketDir: string;
    };

/** The port number in the socket's file name, `.s.PGSQL.<port>`; nothing listens on a network. */
export const EMBEDDED_PORT = 5432;

/** The connection as `pg` takes it. */
export function clientConfig(connection: DatabaseConnection): ClientConfig {
  if (connection.engine === "postgresql") {
    return { connectionString: connection.url, keepAlive: true, fallback_application_name: "slipway" };
  }
  return {
    host: connection.socketDir,
    port: EMBEDDED_PORT,
    user: "postgres",
    database: "postgres",
    // Given, so that PGPASSWORD and PGSSLMODE of the environment, meant for another database, are not taken.
    password: "",
    ssl: false,
  };
}
