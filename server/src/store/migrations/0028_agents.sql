-- Agents that users make. Which tenant has which, and in what version, is read into every server's memory by the directory's role;
-- what an agent says only as its tenant.
create table slipway.agents (
  tenant_id text collate "C" not null,
  name text collate "C" not null check (name ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'),
  -- Null: it belongs to nobody but the tenant.
  user_id text collate "C",
  version integer not null default 1 check (version between 1 and 1000),
  -- Of the version in force, so that a change can be held against what its maker has seen.
  hash bytea not null check (octet_length(hash) = 32),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, name),
  foreign key (tenant_id) references slipway.tenants (tenant_id),
  foreign key (tenant_id, user_id) references slipway.users (tenant_id, id) on delete set null (user_id)
);
create index agents_of_user on slipway.agents (tenant_id, user_id) where user_id is not null;
alter table slipway.agents enable row level security;
alter table slipway.agents force row level security;
create policy own_tenant on slipway.agents to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
create policy directory on slipway.agents for select to slipway_directory
  using (current_user = 'slipway_directory');
grant select, insert, update (version, hash, updated_at), delete on slipway.agents to slipway_app;
grant select (tenant_id, name, version, hash) on slipway.agents to slipway_directory;

-- What an agent was. Nobody changes a version, and it goes with its agent only.
create table slipway.agent_versions (
  tenant_id text collate "C" not null,
  name text collate "C" not null,
  version integer not null check (version >= 1),
  hash bytea not null check (octet_length(hash) = 32),
  spec jsonb not null check (pg_column_size(spec) <= 262144),
  made_by text not null check (length(made_by) between 1 and 300),
  created_at timestamptz not null default now(),
  primary key (tenant_id, name, version),
  foreign key (tenant_id, name) references slipway.agents (tenant_id, name) on delete cascade
);
alter table slipway.agent_versions enable row level security;
alter table slipway.agent_versions force row level security;
create policy own_tenant on slipway.agent_versions to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.agent_versions to slipway_app;

alter table slipway.directory_version add column agents_version bigint not null default 1;

create function slipway.count_agent_change() returns trigger
  language plpgsql security definer set search_path = ''
  as $$
begin
  update slipway.directory_version set agents_version = agents_version + 1;
  perform pg_catalog.pg_notify('slipway_changes', 'agents');
  return null;
end
$$;
revoke execute on function slipway.count_agent_change() from public;
-- Whose an agent is changes nothing that the servers hold in memory.
create trigger count_agent_change after insert or delete or update of version, hash on slipway.agents
  for each row execute function slipway.count_agent_change();

-- The version that ran; null for agents of files, and in runs of before.
alter table slipway.runs add column agent_version integer check (agent_version >= 1);
