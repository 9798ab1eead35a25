-- People of a tenant. Authentication reads them before a tenant is known, as it reads the keys.
create table slipway.users (
  tenant_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  -- In lower case: issuers and people write the same address in different ones.
  email text collate "C" not null check (length(email) between 3 and 254 and email = lower(email)),
  name text not null check (length(name) between 1 and 200),
  role text not null check (role in ('owner', 'admin', 'developer', 'viewer', 'auditor')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  disabled_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
create unique index users_by_email on slipway.users (tenant_id, email);
create index users_newest on slipway.users (tenant_id, created_at desc, id desc);
alter table slipway.users enable row level security;
alter table slipway.users force row level security;
create policy own_tenant on slipway.users to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.users for select to slipway_directory
  using (current_user = 'slipway_directory' and disabled_at is null);
grant select, insert, update (name, role, updated_at, disabled_at), delete on slipway.users to slipway_app;
grant select (tenant_id, id, email, name, role, disabled_at) on slipway.users to slipway_directory;
create trigger count_key_change after insert or update or delete on slipway.users
  for each row execute function slipway.count_key_change();

-- A tenant whose last owner has gone can be given back to nobody. Two owners that step down in the same moment are one after the
-- other here: the second sees what the first has left, because each query of a function has a snapshot of its own.
create function slipway.keep_last_owner() returns trigger
  language plpgsql set search_path = ''
  as $$
begin
  if old.role <> 'owner' or old.disabled_at is not null then
    return coalesce(new, old);
  end if;
  if tg_op = 'UPDATE' and new.role = 'owner' and new.disabled_at is null then
    return new;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('slipway.owners/' || old.tenant_id, 0));
  if not exists (
    select from slipway.users
    where tenant_id = old.tenant_id and id <> old.id and role = 'owner' and disabled_at is null
  ) then
    raise exception 'the last owner of a tenant stays' using errcode = 'SW001';
  end if;
  return coalesce(new, old);
end
$$;
create trigger keep_last_owner before update or delete on slipway.users
  for each row execute function slipway.keep_last_owner();

-- Keys that were made before there were roles could do everything, and still can; new ones say what they may.
alter table slipway.api_keys
  add column role text not null default 'owner' check (role in ('owner', 'admin', 'developer', 'viewer', 'auditor')),
  add column scopes text[] check (cardinality(scopes) between 1 and 64),
  add column expires_at timestamptz,
  add column user_id text collate "C",
  add column last_used_at timestamptz,
  -- The secret before the last rotation, for as long as both are good.
  add column previous_hash bytea check (octet_length(previous_hash) = 32),
  add column previous_expires_at timestamptz,
  add column rotated_at timestamptz,
  add check ((previous_hash is null) = (previous_expires_at is null)),
  add foreign key (tenant_id, user_id) references slipway.users (tenant_id, id) on delete set null (user_id);
alter table slipway.api_keys alter column role set default 'developer';
create index api_keys_of_user on slipway.api_keys (tenant_id, user_id) where user_id is not null;
grant update (
  name, role, scopes, expires_at, prefix, hash, previous_hash, previous_expires_at, rotated_at, last_used_at
) on slipway.api_keys to slipway_app;
grant select (role, scopes, expires_at, user_id, previous_hash, previous_expires_at)
  on slipway.api_keys to slipway_directory;

-- That a key was used changes nothing that the servers hold in memory.
drop trigger count_key_change on slipway.api_keys;
create trigger count_key_change
  after insert or delete or update of name, role, scopes, expires_at, user_id, revoked_at, hash, previous_hash, previous_expires_at
  on slipway.api_keys
  for each row execute function slipway.count_key_change();
