-- Sessions of the console. What a browser holds is a random token; here is its hash, so that a copy of the table opens nothing.
create table slipway.sessions (
  tenant_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  token_hash bytea not null check (octet_length(token_hash) = 32),
  -- By what books and limits know the caller: an API key that the session ends with, or a user.
  owner text collate "C" not null check (length(owner) between 1 and 400),
  -- Who it is and what the sign-in was worth; checked by whoever reads it.
  caller jsonb not null check (pg_column_size(caller) <= 8192),
  created_at timestamptz not null default now(),
  idle_until timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  change bigint not null default 0,
  primary key (tenant_id, id),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
create index sessions_by_owner on slipway.sessions (tenant_id, owner, created_at desc);
create index sessions_by_change on slipway.sessions (change);
alter table slipway.sessions enable row level security;
alter table slipway.sessions force row level security;
create policy own_tenant on slipway.sessions to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.sessions for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert, update (idle_until, revoked_at), delete on slipway.sessions to slipway_app;
grant select (tenant_id, id, token_hash, owner, caller, created_at, idle_until, expires_at, revoked_at, change)
  on slipway.sessions to slipway_directory;

alter table slipway.directory_version add column sessions_version bigint not null default 0;

-- Each change of a session takes the next number and writes it into its row, so that a server reads only what it has not seen. The
-- lock on the counter is held until the commit: numbers become visible in their order, and none is passed over.
create function slipway.count_session_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set sessions_version = sessions_version + 1 returning sessions_version into new.change;
  perform pg_catalog.pg_notify('slipway_changes', 'sessions');
  return new;
end
$$;
revoke execute on function slipway.count_session_change() from public;
create trigger count_session_change before insert or update on slipway.sessions
  for each row execute function slipway.count_session_change();
