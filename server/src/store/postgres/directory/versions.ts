import type { DirectoryVersions } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function directoryVersions(): Statement<DirectoryVersions> {
  return sql`
    select version::float8 as keys, routes_version::float8 as routes,
      provider_keys_version::float8 as "providerKeys", limits_version::float8 as limits,
      agents_version::float8 as agents, sessions_version::float8 as sessions
    from slipway.directory_version`;
}
