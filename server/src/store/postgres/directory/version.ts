import { sql, type Statement } from "../sql.ts";

export function directoryVersion(): Statement<{ readonly version: number }> {
  return sql`
    select version::float8 as version
    from slipway.directory_version`;
}
