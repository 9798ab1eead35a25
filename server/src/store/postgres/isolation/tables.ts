import { sql, type Statement } from "../sql.ts";

/** A table with a tenant_id, and whether its rows are guarded. */
export interface TenantTable {
  readonly table: string;
  readonly enabled: boolean;
  readonly forced: boolean;
}

export function tenantTables(): Statement<TenantTable> {
  return sql`
    select c.relname as "table", c.relrowsecurity as enabled, c.relforcerowsecurity as forced
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where n.nspname = 'slipway' and c.relkind in ('r', 'p')
    order by c.relname`;
}

/** A permissive policy: rows that any one of them lets through are seen. */
export interface Policy {
  readonly table: string;
  readonly policy: string;
  readonly roles: readonly string[];
  readonly readOnly: boolean;
  readonly using: string | null;
  readonly check: string | null;
}

export function permissivePolicies(): Statement<Policy> {
  return sql`
    select c.relname as "table", p.polname as policy, p.polcmd = 'r' as "readOnly",
      array(select coalesce(r.rolname::text, 'public')
        from unnest(p.polroles) as member (id) left join pg_catalog.pg_roles r on r.oid = member.id) as roles,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
      pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check"
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'slipway' and p.polpermissive
    order by c.relname, p.polname`;
}

/**
 * A right on a table that goes round row level security, or changes what is append-only. The server's role may remove audit
 * records where the database itself keeps those of the last week from it.
 */
export function excessRights(role: string): Statement<{ readonly table: string; readonly right: string }> {
  return sql`
    select c.relname as "table", wanted.name as right
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join (values ('TRUNCATE'), ('TRIGGER'), ('REFERENCES'), ('UPDATE'), ('DELETE')) as wanted (name)
    where n.nspname = 'slipway' and c.relkind in ('r', 'p')
      and (wanted.name in ('TRUNCATE', 'TRIGGER', 'REFERENCES')
        or c.relname in ('usage_ledger', 'audit_records', 'audit_chain', 'audit_checkpoints', 'schema_migrations',
          'directory_version', 'agent_versions'))
      and not (wanted.name = 'DELETE' and pg_catalog.pg_has_role(${role}, 'slipway_app', 'USAGE') and exists (
        select from pg_catalog.pg_policy p
        where p.polrelid = c.oid and not p.polpermissive and p.polcmd = 'd'
          and p.polroles = array[(select r.oid from pg_catalog.pg_roles r where r.rolname = 'slipway_app')]
          and (c.relname, pg_catalog.pg_get_expr(p.polqual, p.polrelid)) in (
            ('audit_records', '(written_at < (now() - ''7 days''::interval))'),
            ('audit_chain', '(sequenced_at < (now() - ''7 days''::interval))'))))
      and (pg_catalog.has_table_privilege(${role}, c.oid, wanted.name)
        or (wanted.name in ('UPDATE', 'REFERENCES')
          and pg_catalog.has_any_column_privilege(${role}, c.oid, wanted.name)))
    order by c.relname, wanted.name`;
}
