-- Keys that tenants have with model vendors themselves, encrypted under each tenant's data key. Which tenant has one for which
-- provider is read into every server's memory by the directory's role; the key itself only as its tenant.
create table slipway.provider_keys (
  tenant_id text collate "C" not null,
  provider text collate "C" not null check (length(provider) between 1 and 100),
  -- Another one with each key that is put, so that who has the old one in memory sees it.
  version text collate "C" not null check (length(version) between 1 and 100),
  sealed bytea not null check (length(sealed) <= 4096),
  last4 text not null check (length(last4) <= 4),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, provider),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
alter table slipway.provider_keys enable row level security;
alter table slipway.provider_keys force row level security;
create policy own_tenant on slipway.provider_keys to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.provider_keys for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert, update (version, sealed, last4, updated_at), delete on slipway.provider_keys to slipway_app;
grant select (tenant_id, provider, version) on slipway.provider_keys to slipway_directory;

alter table slipway.directory_version add column provider_keys_version bigint not null default 1;

create function slipway.count_provider_key_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set provider_keys_version = provider_keys_version + 1;
  perform pg_catalog.pg_notify('slipway_changes', 'provider_keys');
  return null;
end
$$;
revoke execute on function slipway.count_provider_key_change() from public;
create trigger count_provider_key_change after insert or update or delete on slipway.provider_keys
  for each row execute function slipway.count_provider_key_change();
