-- Limits that tenants make for themselves. They are read as a whole into every server's memory, by the directory's role.
create table slipway.limits (
  tenant_id text collate "C" not null,
  name text collate "C" not null check (length(name) between 1 and 64),
  spec jsonb not null check (pg_column_size(spec) <= 16384),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
alter table slipway.limits enable row level security;
alter table slipway.limits force row level security;
create policy own_tenant on slipway.limits to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.limits for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert, update (spec, updated_at), delete on slipway.limits to slipway_app;
grant select (tenant_id, name, spec) on slipway.limits to slipway_directory;

alter table slipway.directory_version add column limits_version bigint not null default 1;

create function slipway.count_limit_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set limits_version = limits_version + 1;
  perform pg_catalog.pg_notify('slipway_changes', 'limits');
  return null;
end
$$;
revoke execute on function slipway.count_limit_change() from public;
create trigger count_limit_change after insert or update or delete on slipway.limits
  for each row execute function slipway.count_limit_change();

-- What budgets are kept by besides key and agent, so that a restart finds what was spent. Null in lines of before, and where there is none.
alter table slipway.usage_ledger
  add column route text check (length(route) between 1 and 200),
  add column user_id text check (length(user_id) between 1 and 200);
