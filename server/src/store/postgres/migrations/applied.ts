import { sql, type Statement } from "../sql.ts";

/** A migration that has run. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

export function appliedMigrations(): Statement<AppliedMigration> {
  return sql`
    select name, checksum
    from slipway.schema_migrations
    order by name`;
}
