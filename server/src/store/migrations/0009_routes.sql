-- Routes that tenants make for themselves. They are read as a whole into every server's memory, by the directory's role.
create table slipway.routes (
  tenant_id text collate "C" not null,
  name text collate "C" not null check (length(name) between 1 and 100),
  spec jsonb not null check (pg_column_size(spec) <= 65536),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
alter table slipway.routes enable row level security;
alter table slipway.routes force row level security;
create policy own_tenant on slipway.routes to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.routes for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert, update (spec, updated_at), delete on slipway.routes to slipway_app;
grant select (tenant_id, name, spec) on slipway.routes to slipway_directory;

alter table slipway.directory_version add column routes_version bigint not null default 1;

-- Whoever listens hears of a change when it is committed, never before; a listener that is away finds it in the version.
create function slipway.count_route_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set routes_version = routes_version + 1;
  perform pg_catalog.pg_notify('slipway_changes', 'routes');
  return null;
end
$$;
revoke execute on function slipway.count_route_change() from public;
create trigger count_route_change after insert or update or delete on slipway.routes
  for each row execute function slipway.count_route_change();

create or replace function slipway.count_key_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set version = version + 1;
  perform pg_catalog.pg_notify('slipway_changes', 'keys');
  return null;
end
$$;

-- Which routes were in force when the call was made; null where none was configured.
alter table slipway.usage_ledger add column routes_version text check (length(routes_version) between 1 and 100);
