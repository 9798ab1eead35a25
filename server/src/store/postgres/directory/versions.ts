import type { DirectoryVersions } from "../../directory.ts";
import { sql, type Statement } from "../sql.ts";

export function directoryVersions(): Statement<DirectoryVersions> {
  return sql`
    select version::float8 as keys, routes_version::float8 as routes
    from slipway.directory_version`;
}
