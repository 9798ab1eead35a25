-- The two roles under which the server works. They belong to the whole cluster, so they may be there already: made by another
-- database's migrations, or by an administrator where the migrating login may not make roles.
-- slipway_app sees one tenant at a time; slipway_directory reads what authentication needs before a tenant is known.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'slipway_app') then
    create role slipway_app nologin noinherit;
  end if;
exception when duplicate_object or unique_violation then
  null; -- Another migration made it in this moment.
end
$$;

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'slipway_directory') then
    create role slipway_directory nologin noinherit;
  end if;
exception when duplicate_object or unique_violation then
  null;
end
$$;

grant usage on schema slipway to slipway_app, slipway_directory;
grant select on slipway.schema_migrations to slipway_directory;
