-- Every tenant table has the same policy: a row is there for whoever has set its tenant, and for nobody else. An unset tenant
-- is null, or an empty text once a transaction has set it before; neither equals any tenant_id. FORCE holds the owner to it too.

create table slipway.tenants (
  tenant_id text collate "C" not null check (length(tenant_id) between 1 and 64),
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now(),
  primary key (tenant_id)
);
alter table slipway.tenants enable row level security;
alter table slipway.tenants force row level security;
create policy own_tenant on slipway.tenants to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.tenants to slipway_app;

-- Wrapped data keys. Never updated: what a key encrypted can only be read with that key.
create table slipway.subjects (
  tenant_id text collate "C" not null,
  subject text collate "C" not null check (length(subject) between 1 and 200),
  wrapped_key bytea not null check (octet_length(wrapped_key) between 1 and 1024),
  created_at timestamptz not null default now(),
  primary key (tenant_id, subject),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
alter table slipway.subjects enable row level security;
alter table slipway.subjects force row level security;
create policy own_tenant on slipway.subjects to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.subjects to slipway_app;

create table slipway.api_keys (
  tenant_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  name text not null check (length(name) between 1 and 200),
  prefix text not null check (length(prefix) between 1 and 32),
  hash bytea not null check (octet_length(hash) = 32),
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
create index api_keys_newest on slipway.api_keys (tenant_id, created_at desc, id desc);
alter table slipway.api_keys enable row level security;
alter table slipway.api_keys force row level security;
create policy own_tenant on slipway.api_keys to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
-- A policy also holds for logins that inherit the role, as they do before PostgreSQL 16 unless made NOINHERIT. The role name
-- in the condition makes inheriting worth nothing: it takes SET ROLE.
create policy directory on slipway.api_keys for select to slipway_directory
  using (current_user = 'slipway_directory' and revoked_at is null);
grant select, insert, update (revoked_at) on slipway.api_keys to slipway_app;
grant select (tenant_id, id, name, hash, revoked_at) on slipway.api_keys to slipway_directory;

-- A number that grows with every change of a key. A row and not a sequence, because it must become visible together with the
-- change: a reader that saw a sequence's new number before the commit would take the old keys for the new ones.
create table slipway.directory_version (
  only_row boolean not null default true primary key check (only_row),
  version bigint not null
);
insert into slipway.directory_version (version) values (1);
grant select on slipway.directory_version to slipway_directory;

create function slipway.count_key_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set version = version + 1;
  return null;
end
$$;
revoke execute on function slipway.count_key_change() from public;
create trigger count_key_change after insert or update or delete on slipway.api_keys
  for each row execute function slipway.count_key_change();
