create table slipway.threads (
  tenant_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  agent text check (length(agent) between 1 and 200),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id) references slipway.tenants (tenant_id)
);
alter table slipway.threads enable row level security;
alter table slipway.threads force row level security;
create policy own_tenant on slipway.threads to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert, update (updated_at) on slipway.threads to slipway_app;

create table slipway.messages (
  tenant_id text collate "C" not null,
  thread_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  -- The order within a thread. Appends lock the thread, so a later message never has a lower number.
  position bigint generated always as identity,
  role text not null check (role in ('user', 'assistant', 'tool')),
  content bytea not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, thread_id, id),
  foreign key (tenant_id, thread_id) references slipway.threads (tenant_id, id) on delete cascade
);
create unique index messages_in_order on slipway.messages (tenant_id, thread_id, position);
alter table slipway.messages enable row level security;
alter table slipway.messages force row level security;
create policy own_tenant on slipway.messages to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.messages to slipway_app;

create table slipway.runs (
  tenant_id text collate "C" not null,
  id text collate "C" not null check (length(id) between 1 and 128),
  agent text not null check (length(agent) between 1 and 200),
  thread_id text collate "C" not null,
  status text not null default 'running' check (status in ('running', 'completed', 'failed', 'cancelled')),
  output bytea,
  error_code text check (length(error_code) between 1 and 100),
  error_message text check (length(error_message) <= 2000),
  steps integer not null default 0 check (steps >= 0),
  input_tokens bigint not null default 0 check (input_tokens >= 0),
  cached_read_tokens bigint not null default 0 check (cached_read_tokens >= 0),
  cache_write_tokens bigint not null default 0 check (cache_write_tokens >= 0),
  output_tokens bigint not null default 0 check (output_tokens >= 0),
  reasoning_tokens bigint not null default 0 check (reasoning_tokens >= 0),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, thread_id) references slipway.threads (tenant_id, id) on delete cascade,
  check ((status = 'running') = (finished_at is null)),
  check ((error_code is null) = (error_message is null))
);
create index runs_of_thread on slipway.runs (tenant_id, thread_id);
alter table slipway.runs enable row level security;
alter table slipway.runs force row level security;
create policy own_tenant on slipway.runs to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.runs to slipway_app;
grant update (
  status, output, error_code, error_message, steps, input_tokens, cached_read_tokens, cache_write_tokens, output_tokens,
  reasoning_tokens, finished_at
) on slipway.runs to slipway_app;
