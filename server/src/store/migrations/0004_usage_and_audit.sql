-- Append-only: the server's role may read and insert, never change or remove. No foreign key to tenants, because these lines
-- outlive what they name, and a line that cannot be written would hold up the whole batch that it came in.

create table slipway.usage_ledger (
  tenant_id text collate "C" not null check (length(tenant_id) between 1 and 64),
  id text collate "C" not null check (length(id) between 1 and 128),
  request_id text not null,
  key_id text not null,
  agent text,
  provider text not null,
  model text not null,
  input_tokens bigint not null check (input_tokens >= 0),
  cached_read_tokens bigint not null check (cached_read_tokens >= 0),
  cache_write_tokens bigint not null check (cache_write_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  reasoning_tokens bigint not null check (reasoning_tokens >= 0),
  source text not null check (source in ('provider', 'estimated', 'none')),
  outcome text not null check (outcome in ('ok', 'error', 'aborted')),
  at timestamptz not null,
  written_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create index usage_ledger_by_time on slipway.usage_ledger (tenant_id, at);
alter table slipway.usage_ledger enable row level security;
alter table slipway.usage_ledger force row level security;
create policy own_tenant on slipway.usage_ledger to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.usage_ledger to slipway_app;

create table slipway.audit_records (
  tenant_id text collate "C" not null check (length(tenant_id) between 1 and 64),
  id text collate "C" not null check (length(id) between 1 and 128),
  actor text not null,
  action text not null,
  target text not null,
  outcome text not null check (outcome in ('ok', 'denied', 'error', 'aborted')),
  code text,
  request_id text not null,
  release text not null,
  at timestamptz not null,
  written_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create index audit_records_newest on slipway.audit_records (tenant_id, at desc, id desc);
alter table slipway.audit_records enable row level security;
alter table slipway.audit_records force row level security;
create policy own_tenant on slipway.audit_records to slipway_app
  using (tenant_id = current_setting('slipway.tenant_id', true));
grant select, insert on slipway.audit_records to slipway_app;
