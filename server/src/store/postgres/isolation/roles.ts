import { sql, type Statement } from "../sql.ts";

/** A role that another can become, itself included, with what it may do beyond row level security. */
export interface RolePowers {
  readonly role: string;
  readonly superuser: boolean;
  readonly bypassesRls: boolean;
  readonly makesRoles: boolean;
  readonly replicates: boolean;
  /** Owns the schema, or a table or function in it. */
  readonly owns: boolean;
  /** One of the predefined roles that reach the server's files or programs. */
  readonly reachesHost: boolean;
}

/** Every role that `role` can become by SET ROLE. */
export function reachableRoles(role: string): Statement<RolePowers> {
  return sql`
    select r.rolname as role, r.rolsuper as superuser, r.rolbypassrls as "bypassesRls", r.rolcreaterole as "makesRoles",
      r.rolreplication as replicates,
      exists (select from pg_catalog.pg_namespace n where n.nspname = 'slipway' and n.nspowner = r.oid)
        or exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          where n.nspname = 'slipway' and c.relowner = r.oid)
        or exists (select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
          where n.nspname = 'slipway' and p.proowner = r.oid) as owns,
      r.rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files') as "reachesHost"
    from pg_catalog.pg_roles r
    where pg_catalog.pg_has_role(${role}, r.oid, 'MEMBER')
    order by r.rolname`;
}

/** The login of this session, and which of our roles exist and are granted to it. */
export function sessionRoles(): Statement<{
  readonly login: string;
  readonly role: string;
  readonly exists: boolean;
  readonly granted: boolean;
}> {
  return sql`
    select session_user::text as login, wanted.role, r.oid is not null as "exists",
      coalesce(pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'), false) as granted
    from (values ('slipway_app'), ('slipway_directory')) as wanted (role)
    left join pg_catalog.pg_roles r on r.rolname = wanted.role
    order by wanted.role`;
}
